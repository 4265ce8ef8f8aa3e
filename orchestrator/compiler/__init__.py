"""Documents and rows → checked graph → program; conditions → SQL guards; filters → SQL."""
