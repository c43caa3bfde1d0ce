"""Pure functions on arrays that say how good predictions are."""

from layerwise.metrics.classification import accuracy as accuracy
from layerwise.metrics.classification import balanced_accuracy as balanced_accuracy
from layerwise.metrics.classification import cohen_kappa as cohen_kappa
from layerwise.metrics.classification import confusion_matrix as confusion_matrix
from layerwise.metrics.classification import error_rate as error_rate
from layerwise.metrics.classification import f1_per_class as f1_per_class
from layerwise.metrics.classification import log_loss as log_loss
from layerwise.metrics.classification import macro_f1 as macro_f1
from layerwise.metrics.classification import negative_log_likelihoods as negative_log_likelihoods
from layerwise.metrics.classification import precision_per_class as precision_per_class
from layerwise.metrics.classification import recall_per_class as recall_per_class
from layerwise.metrics.classification import sensitivity as sensitivity
from layerwise.metrics.classification import specificity as specificity
from layerwise.metrics.information import kl_divergence as kl_divergence
from layerwise.metrics.information import mutual_information as mutual_information
from layerwise.metrics.ranking import RocCurve as RocCurve
from layerwise.metrics.ranking import auc as auc
from layerwise.metrics.ranking import one_vs_rest_auc as one_vs_rest_auc
from layerwise.metrics.ranking import roc_curve as roc_curve
from layerwise.metrics.regression import half_squared_error as half_squared_error
from layerwise.metrics.regression import mae as mae
from layerwise.metrics.regression import mse as mse
from layerwise.metrics.regression import r2 as r2
from layerwise.metrics.regression import rmse as rmse
