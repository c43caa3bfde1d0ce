"""The layer table of a network: measured on the network itself, printed as in the lectures."""

from layerwise.explain.layers.lines import table_cells, table_lines
from layerwise.explain.layers.table import LayerRow, layer_table, totals

__all__ = ["LayerRow", "layer_table", "table_cells", "table_lines", "totals"]
