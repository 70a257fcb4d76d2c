"""The desk of collectors and their leaders: the queue, the cases, what is done on one."""
