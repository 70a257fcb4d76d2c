"""
Settings, addresses and servers: how the parts are put together to run.
"""
