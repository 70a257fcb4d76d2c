"""
Reading what a lender sends: one module per kind of file, each giving batches of cells.
"""
