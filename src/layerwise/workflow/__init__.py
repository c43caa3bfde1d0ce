"""The glue: one experiment from its data to its run folder, stage by stage in the order of the scheme."""
