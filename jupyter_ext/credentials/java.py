"""Hands renewed tokens to the Java machine of a kernel's Spark session, and to its executors.

Java reads the token file once, when it starts (``UserGroupInformation.getLoginUser``); what comes
later it has to be given.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""Seconds between two looks at the token file; a look is one ``stat``."""


class JavaTokens:
    """Watches the token file on behalf of the Java machine that py4j talks to, if there is one.

    Parameters
    ----------
    path
        The token file.
    modules
        What is imported; nothing is loaded to find a Java machine.
    look_s
        Seconds between two looks.
    """

    def __init__(
        self,
        path: Path,
        modules: Mapping[str, ModuleType] = sys.modules,
        look_s: float = LOOK_S,
    ) -> None:
        self._path = path
        self._modules = modules
        self._look_s = look_s
        self._given: tuple[int, int] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="java-tokens", daemon=True)

    def start(self) -> None:
        """Begin to watch, in a thread: a cell may run for hours."""
        self._thread.start()

    def stop(self) -> None:
        """End watching."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def give(self) -> bool:
        """Hand the tokens over if they are new to the Java machine; whether they were.

        Raises
        ------
        OSError
            If there is no token file.
        """
        spark = getattr(self._modules.get("pyspark"), "SparkContext", None)
        gateway = getattr(spark, "_gateway", None)
        if gateway is None:
            return False
        # The machine too: a Spark session that is made anew may have another one.
        seen = (self._path.stat().st_ino, id(gateway))
        if seen == self._given:
            return False
        _add(gateway.jvm, self._path)
        context = getattr(getattr(spark, "_active_spark_context", None), "_jsc", None)
        if context is not None:
            _send(gateway.jvm, context.sc().schedulerBackend(), self._path)
        self._given = seen
        return True

    def _watch(self) -> None:
        while not self._ended.wait(self._look_s):
            try:
                if self.give():
                    log.info("The Java machine has the renewed tokens.")
            except OSError as error:
                log.debug("There are no tokens to hand over: %s", error)
            except Exception:
                # py4j's errors are its own, and the machine may be ending this very moment.
                log.warning("The Java machine did not take the renewed tokens.", exc_info=True)


def _add(jvm: Any, path: Path) -> None:
    hadoop = jvm.org.apache.hadoop
    tokens = hadoop.security.Credentials.readTokenStorageFile(
        jvm.java.io.File(str(path)), hadoop.conf.Configuration()
    )
    hadoop.security.UserGroupInformation.getCurrentUser().addCredentials(tokens)


def _send(jvm: Any, backend: Any, path: Path) -> None:
    """Let the executors have them too, those that start later among them.

    As ``org.apache.spark.deploy.security.HadoopDelegationTokenManager`` does with tokens that it
    got itself; without a ticket it gets none.
    """
    kind = "org.apache.spark.scheduler.cluster.CoarseGrainedSchedulerBackend"
    # In local mode the executor is this very machine.
    if jvm.java.lang.Class.forName(kind).isInstance(backend):
        messages = jvm.org.apache.spark.scheduler.cluster
        message = getattr(messages, "CoarseGrainedClusterMessages$UpdateDelegationTokens")
        backend.driverEndpoint().send(message(path.read_bytes()))
