"""The policies of the contest, each in a module that names its paper."""
