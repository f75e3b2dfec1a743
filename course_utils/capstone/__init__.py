"""The capstone: eight weeks at Lantern, twelve hidden situations, one order a day."""
from .grading import Report, grade
from .policies import POLICIES, as_text, frozen, script
from .runner import HIDDEN, TRAINING, practice, run
from .simulator import Dials
from .situations import ACTIONS, SITUATIONS
from .studies import consequence_table, holds, sequencing, sweep

__all__ = ["ACTIONS", "HIDDEN", "POLICIES", "SITUATIONS", "TRAINING", "Dials", "Report", "as_text", "consequence_table",
           "frozen", "grade", "holds", "practice", "run", "script", "sequencing", "sweep"]
