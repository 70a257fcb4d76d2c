"""
Carriers that never existed, on the loopback, speaking what real ones speak.

    carriers = start(home=settings.DATA_DIR)
    ...
    carriers.stop()
"""

from recoup.synth.carriers.log import Delivered
from recoup.synth.carriers.street import Carriers, start

__all__ = ["Carriers", "Delivered", "start"]
