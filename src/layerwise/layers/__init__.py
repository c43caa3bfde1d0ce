"""Parts of networks that torch does not have, or has with other rules; each with its equation.

Where torch's own module is the thing, networks use it: `nn.Conv2d`, `nn.Linear`, `nn.MaxPool2d`, `nn.AvgPool2d`,
`nn.BatchNorm2d`, `nn.Dropout`, `nn.Tanh`, `nn.ReLU`.

- `convolution`: both conventions, every padding rule with any stride, partly connected maps
- `pooling`: L2 pooling in its three scales, pooling with a learned gain and bias
- `activations`: step, scaled tanh, maxout, and every activation by name
- `normalization`: local response normalisation, in the paper's form and torch's
- `radial_basis`: the distance to fixed codes
- `attention`: additive attention over the places of an input
- `boltzmann`: free energies, the exact partition function and the draws of a restricted Boltzmann machine
- `upsampling`: a transposed convolution that begins as bilinear interpolation
- `losses`: the losses of the lectures as sums over a batch
- `boxes`, `detection_losses`: boxes on a grid, and the two losses of a grid detector
- `kernels`, `pairwise`: what stands for the product of two examples, and many classes from decisions between two
- `trees`: decision trees as arrays, walked side by side
- `stored_arrays`: buffers whose size the data decide
- `pixel_losses`: the cross-entropy of every pixel, with a label to ignore
"""
