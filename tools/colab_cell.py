# Where the course is not installed, on Colab for example: install it, and leave every package that is there as it is.
import importlib.metadata
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_utils") is None:
    with open("installed.txt", "w") as file:
        for name in {d.name for d in importlib.metadata.distributions() if d.name}:
            version = importlib.metadata.version(name)          # of two copies, the one that is imported
            if "+" not in version:
                file.write(f"{name}=={version}\n")
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", "-c", "installed.txt",
                           "twelve-confusions[text,systems] @ git+https://github.com/OWNER/NAME"])
