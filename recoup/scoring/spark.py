"""
A Spark session that answers as the other engines do.

Spark and Java are an extra: whoever asks for them without having them is told what to install.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from typing import Any

from recoup.kernel.errors import Failed

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}


def session(*, master: str, settings: dict[str, str] | None = None) -> Any:
    """
    The session at a master, such as `local[2]` or `spark://host:7077`; started once in a process.

    :raises Failed: if PySpark or Java is missing, or the master does not answer
    """
    sql = _installed()
    builder = sql.SparkSession.builder.appName("recoup").master(master)
    if master.startswith("local"):
        # Workers on this machine are this Python, with what is installed in it.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
    for name, value in (SETTINGS | (settings or {})).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as broken:  # py4j raises kinds of its own, and a plain error if Java dies
        raise Failed(
            f"Spark at {master} did not start: {str(broken).splitlines()[0]}", permanent=False,
            hint="Check --spark-master and that Java runs, or use --engine kernel.",
        ) from broken  # fmt: skip


def _installed() -> Any:
    # PySpark warns of pandas 3, which nothing here goes through: rows move as Arrow.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    try:
        import ibis  # noqa: F401
        from pyspark import sql
    except ImportError as missing:
        raise Failed(
            f"The engine spark needs {missing.name}, which is not installed.", permanent=True,
            hint="Install the extra: pip install 'recoup[spark]'. Or use --engine kernel.",
        ) from missing  # fmt: skip
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java") and not (home and shutil.which("java", path=f"{home}/bin")):
        raise Failed(
            "The engine spark needs Java, and there is no `java` on the path.", permanent=True,
            hint="Install a Java runtime (17 or newer) or set JAVA_HOME. Or use --engine kernel.",
        )  # fmt: skip
    return sql
