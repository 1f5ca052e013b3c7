"""A worker as a process of its own: `python -m pipeline.worker_process URL PARTITIONS OWNER`.

Ends in order on SIGTERM. Ends at once when its parent is gone, so that it outlives no test.
"""

import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

from pipeline import short_day

from engine.log import open_log
from engine.worker import Worker


def end_with(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(0.5)
    os._exit(1)


def main(url: str, partitions: int, owner: str) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    with open_log(url, partitions=partitions) as log:
        worker = Worker(log, short_day.rules(partitions), owner)

        def stop(_number: int, _frame: FrameType | None) -> None:
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        worker.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
