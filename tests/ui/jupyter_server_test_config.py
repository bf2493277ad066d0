"""JupyterLab as the browser tests see it: no login, its own directories, a fast tick."""

import json
import os

c.ServerApp.ip = "127.0.0.1"  # noqa: F821
c.ServerApp.port = int(os.environ["JEXT_UI_PORT"])  # noqa: F821
c.ServerApp.port_retries = 0  # noqa: F821
c.ServerApp.open_browser = False  # noqa: F821
c.ServerApp.allow_root = True  # noqa: F821
c.ServerApp.root_dir = os.environ["JEXT_UI_NOTEBOOKS"]  # noqa: F821
c.ServerApp.jpserver_extensions = json.loads(os.environ["JEXT_UI_EXTENSIONS"])  # noqa: F821
c.ServerApp.disable_check_xsrf = True  # noqa: F821
c.IdentityProvider.token = ""  # noqa: F821
c.LabApp.expose_app_in_browser = True  # noqa: F821
c.LabApp.news_url = None  # noqa: F821
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"  # noqa: F821
c.JupyterExtApp.tick_s = 1.0  # noqa: F821
