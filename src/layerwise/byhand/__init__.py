"""The course's mathematics in plain NumPy: forward, backward and update, each equation above the line that computes it.

Nothing here imports torch or any other part of layerwise; every function works in the float type it is given.

- `linear`: the weighted sum of a fully connected layer
- `padding`: full, same and valid padding, output sizes
- `sliding_window`: convolution as the lectures write it, one signal or one image and one kernel, in plain loops
- `convolution`: the convolution layer (batches, channels, stride, dilation, groups), both conventions
- `pooling`: max, average and L2 pooling
- `transposed_convolution`: three ways to the same larger map, and the bilinear kernel
- `unpooling`: nearest neighbour, bed of nails, max unpooling
- `segmentation`: a class for every pixel: the loss, its gradient, and how answers are counted
- `activations`: step, sigmoid, tanh, ReLU and its family, maxout, softmax
- `losses`: squared, absolute and cross-entropy errors, the perceptron criterion
- `dropout`, `batch_norm`, `local_response_norm`: the three layers that regularise or normalise
- `perceptron`, `sigmoid_unit`, `backpropagation`: the lecture's learning rules, step by step
- `optimizers`: from gradient descent to AdamW, and gradient clipping
- `rbm`, `contrastive_divergence`: the restricted Boltzmann machine, its exact likelihood, and how it learns
- `recurrent`, `lstm`, `gru`: recurrent layers, one step and whole sequences, and back-propagation through time
- `unrolled`: the lecture's next-word network U, W, V and its gradients path by path
- `switched_logistic`: the group-switched logistic network and its four gradients
- `boxes`, `detection`: overlap of boxes, grid codes, non-maximum suppression, average precision by its definition
- `attention`: additive attention, masked softmax and context
- `neighbours`: distances to the known examples, and their votes
- `trees`: entropy, information gain, gain ratio and Gini of a split, the best threshold, the way to a leaf
- `information`: mutual information, Kullback-Leibler divergence, and cuts by the shortest description
- `support_vectors`: kernels, and the decision between two classes
- `gradient_histograms`: a picture described by the directions of its edges, pixel by pixel
- `ranking`: scores against a threshold: the counts, a point of the ROC curve, the area pair by pair
- `cross_validation`: what each fold is worth, and how sure their mean is
- `q_learning`: Bellman's equation, the target of a move, its clipped error, and value iteration
"""
