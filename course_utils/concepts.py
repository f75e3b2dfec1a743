"""The vocabulary: twelve pairs of concepts that are easily confused, as plain data.

``PAIRS`` and ``CONSEQUENCE_MAP`` follow the list of the article that started this
course ("12 AI Production Concepts Everyone Confuses"), retold in our own words. Where
the article is imprecise, ``Concept.definition`` is what the course teaches and
``Concept.correction`` says what differs and why.
"""
from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Concept:
    """One half of a pair."""

    name: str
    article: str      # what the article says, in our words
    definition: str   # what this course teaches
    correction: str   # what the article's sentence leaves out or gets wrong; "" if nothing


@dataclass(frozen=True)
class Pair:
    """Two concepts, the question that separates them, and what confusing them does.

    ``mistake`` and ``consequence`` are the article's where it has a row for the pair
    (``in_article_map``), and this course's otherwise.
    """

    number: int
    slug: str
    key: str          # prefix of the pair's exercises, and the name of its module
    left: Concept
    right: Concept
    question: str
    mistake: str
    consequence: str
    in_article_map: bool

    @property
    def title(self) -> str:
        return f"{self.left.name} vs {self.right.name[0].lower()}{self.right.name[1:]}"

    @property
    def notebook(self) -> str:
        return f"{self.number:02d}_{self.slug}.ipynb"

    def __repr__(self) -> str:
        return (f"{self.number:02d} {self.title}\n"
                f"  {self.left.name}: {self.left.definition}\n"
                f"  {self.right.name}: {self.right.definition}\n"
                f"  Ask: {self.question}")

    def _repr_html_(self) -> str:
        def row(c):
            return (f'<tr><th scope="row" style="text-align:left;vertical-align:top">{escape(c.name)}</th>'
                    f'<td style="text-align:left">{escape(c.definition)}</td></tr>')
        return (f'<table>{row(self.left)}{row(self.right)}'
                f'<tr><th scope="row" style="text-align:left;vertical-align:top">The question that separates them</th>'
                f'<td style="text-align:left"><b>{escape(self.question)}</b></td></tr></table>')


PAIRS: tuple[Pair, ...] = (
    Pair(1, "guardrails_vs_validation", "guardrails",
         Concept("Guardrails",
                 "Keep unsafe, harmful or unwanted output from ever reaching the user.",
                 "A policy decision about meaning and effect, taken under uncertainty at the input, the retrieved "
                 "text, a tool call or the output. It has a miss rate, a false-refusal rate, a threshold and a price.",
                 "No classifier keeps anything from 'ever' being returned; a guardrail without a measured miss rate "
                 "is a hope."),
         Concept("Validation",
                 "Make sure that input and output are correct and coherent in structure, schema and logic.",
                 "An exact check of an input or output against a contract: syntax, type, range, cross-field rule, "
                 "reference. It is right or wrong, and a unit test can say which.",
                 "A perfectly valid refund can be one that nobody should have paid: validation says nothing about "
                 "whether an allowed thing is wanted."),
         "Can I write an exact unit test for it (validation), or do I need labelled examples and a threshold (guardrail)?",
         "Building one of the two, usually validation alone.",
         "Output that passes every format check and still does harm.", True),
    Pair(2, "data_drift_vs_model_drift", "drift",
         Concept("Data drift",
                 "The distribution of incoming data moves away from the training data, quietly, over time.",
                 "P(X) has changed: the inputs are distributed differently from those the model learned on. What an "
                 "input means for the outcome may be as before.",
                 "It need not be slow, and it need not hurt. And when the log differs from what really happened, "
                 "the world has not drifted at all: that is a pipeline fault that looks like drift."),
         Concept("Model drift",
                 "Performance decays because the world changed and the model was not updated.",
                 "Measured performance has fallen. It is a symptom; one of its causes is concept drift: P(y|X) has "
                 "changed, so the same input now means something else.",
                 "The article merges a symptom (performance fell) with one cause (the world changed) and one remedy "
                 "(an update). A pipeline fault has the same symptom and another remedy."),
         "Did the inputs change, or did what an input means change – or only our record of it?",
         "Blaming the model when the input data has silently changed.",
         "Expensive retraining that leaves the broken data pipeline as it was.", True),
    Pair(3, "monitoring_vs_observability", "observability",
         Concept("Monitoring",
                 "Track metrics chosen in advance – latency, errors, uptime, volume – to learn that something is wrong.",
                 "Comparing signals declared in advance with thresholds declared in advance. It answers, day and "
                 "night, the questions you already had.",
                 "The quality of predictions can be monitored too; monitoring is not confined to uptime and latency."),
         Concept("Observability",
                 "Understand why something broke by exploring the system's state from outside.",
                 "A property of a system and its telemetry: how far a new question about its inside can be answered "
                 "from what it already emits, without shipping code.",
                 "It is neither a tool nor 'logs, metrics and traces', it comes in degrees, and it tells you where "
                 "only if the attribute that matters was recorded."),
         "Did I know the question before the incident (monitoring), or did the incident bring it (observability)?",
         "Dashboards for uptime and latency, and nothing to debug with.",
         "Everyone knows that it is broken and nobody can say why: hours on the incident bridge.", True),
    Pair(4, "training_vs_inference", "training",
         Concept("Training",
                 "Learn patterns from data to produce a model: heavy, on GPUs, rare.",
                 "Changing parameters to fit data: forward pass, backward pass, update. State changes, and the "
                 "result is an artefact.",
                 "Trees train on a laptop's CPU and some systems train all day; neither GPUs nor rarity define it."),
         Concept("Inference",
                 "Use the trained model on new data: real-time, at scale, on every user interaction.",
                 "Evaluating fixed parameters on inputs. Nothing is learned, however much it costs.",
                 "It need not be real-time (see pair 5), and one interaction may cause no model call (a cache) or "
                 "dozens (an agent). Training is the expensive one per run, not always over a model's life."),
         "Do the parameters change?",
         "Letting the two compute a feature, a preprocessing step or a mode of the model differently.",
         "The model that was tested is not the model that answers, and offline numbers stop meaning anything.", False),
    Pair(5, "batch_vs_realtime_inference", "realtime",
         Concept("Batch inference",
                 "Process large amounts of data on a schedule: overnight reports, weekly scoring.",
                 "Scoring inputs that are known beforehand, and storing the answers to be looked up later.",
                 "Size does not define it: three axes are mixed here – what triggers the work, how many rows one "
                 "call takes, and how old its inputs are."),
         Concept("Real-time inference",
                 "Give an instant prediction for each request: chat, fraud checks, recommendations at checkout.",
                 "Scoring when a caller asks and waits, within that caller's deadline.",
                 "Nothing is instant, real-time scores often rest on last night's features, and recommendations are "
                 "often computed beforehand."),
         "Is anyone waiting – and how old may the inputs be?",
         "Choosing real-time for its own sake, or nightly scores for a decision that depends on the last minute.",
         "Servers that idle all day, or a decision made with yesterday's facts.", False),
    Pair(6, "offline_vs_online_evaluation", "evaluation",
         Concept("Offline evaluation",
                 "Test on historical data and benchmarks before deployment: fast and repeatable, but about the past.",
                 "Estimating performance from logged or mirrored data, without touching anyone. The log was written "
                 "under an older policy, which decided what can be seen in it.",
                 "'About the past' is one gap of four; selective labels, a metric that is not the goal, and feedback "
                 "are the others."),
         Concept("Online evaluation",
                 "Measure with live users: A/B tests, shadow deployments, canaries.",
                 "Letting the candidate's decisions act on some users, and comparing outcomes with a randomised "
                 "control group at the same time.",
                 "A shadow deployment changes nothing for a user, and a canary limits harm rather than measuring "
                 "an effect: neither is an online test in this sense."),
         "Did the candidate's decisions reach anyone?",
         "Shipping on strong benchmark scores without a test in production.",
         "Performance that falls where the evaluation cannot see it, and value that leaks away in silence.", True),
    Pair(7, "latency_vs_throughput", "throughput",
         Concept("Latency",
                 "The time that one prediction takes, from ask to answer, as the user feels it.",
                 "The time from when a request was meant to arrive until it is answered, waiting included. It is a "
                 "distribution, not a number.",
                 "'Time to complete a prediction' leaves out the queue, which is where most of a bad wait is spent."),
         Concept("Throughput",
                 "How many predictions are processed a second; how many users can be served at the same time.",
                 "Requests completed per unit of time. Its maximum is the capacity; what counts is goodput, the "
                 "completions within the deadline.",
                 "'Users at the same time' is concurrency, a third quantity; Little's law ties the three together."),
         "Am I asked how long one waits, or how many get through?",
         "Scaling for volume without looking at the time of one response.",
         "A system that carries the load and feels broken to everyone who uses it.", True),
    Pair(8, "prompting_vs_finetuning", "finetuning",
         Concept("Prompt engineering",
                 "Steer a model by careful instructions: no weights change, quick to iterate, no training cost.",
                 "Changing the model's input – instructions, examples, retrieved text – and leaving its parameters "
                 "alone.",
                 "Every call pays for the prompt's tokens, and evaluation costs as much as ever: it is not free."),
         Concept("Fine-tuning",
                 "Update the weights with your own data to internalise domain knowledge or a style.",
                 "Changing the model's parameters with further training on examples of the behaviour you want.",
                 "It teaches form more readily than facts; facts that change belong in retrieval, the third option."),
         "Is the gap in the instruction, in the evidence, or in the behaviour?",
         "Fine-tuning what a better prompt would have solved.",
         "GPU budget and weeks of work spent, for a model that is harder to change than before.", True),
    Pair(9, "accuracy_vs_reliability", "reliability",
         Concept("Accuracy",
                 "How often predictions are right on a test set, under controlled conditions.",
                 "Expected correctness on one distribution with one weighting, and with an interval around it.",
                 "Accuracy can be measured in the field as well; what defines it is the one distribution, not the lab."),
         Concept("Reliability",
                 "Consistent performance under real conditions: varied input, adversaries, edge cases, time.",
                 "How performance holds over a declared envelope: shift, worst group, harmless change, calibration, "
                 "the ability to abstain. It is a list of numbers, not one.",
                 "Consistency is not enough – a constant is perfectly consistent – and 'reliable' without a declared "
                 "envelope says nothing."),
         "Right on average over which data – and how bad can it get inside the envelope we promised?",
         "Optimising F1 and skipping the edge cases.",
         "A model with high scores that fails on exactly the cases that matter most.", True),
    Pair(10, "scheduled_vs_triggered_retraining", "retraining",
         Concept("Scheduled retraining",
                 "Retrain on a fixed calendar: predictable, often out of step with when drift occurs.",
                 "Retraining when a date comes, whatever the signals say.",
                 "A calendar is a poor detector and a good upper limit on a model's age."),
         Concept("Triggered retraining",
                 "Retrain automatically when a monitored signal – drift, performance, schema – crosses a limit.",
                 "Retraining when a monitored signal crosses a threshold. It is aligned with its signal, false alarms "
                 "and blind spots included.",
                 "A schema change is a reason to stop retraining, not to start; and to retrain is not to deploy."),
         "What starts the job, a date or a signal – and what is that signal blind to?",
         "Retraining by the calendar through a change that began yesterday, or on every alarm of a noisy signal.",
         "A stale model between two dates, or a fresh one trained on broken data and unripe labels.", False),
    Pair(11, "shadow_vs_canary", "canary",
         Concept("Shadow deployment",
                 "The new model runs beside production on the same traffic; its output is logged, not shown.",
                 "The candidate receives a copy of live requests and its answers are discarded. Users are untouched "
                 "if its side effects are stubbed.",
                 "Labels still arrive for what the live system let through, so a shadow can see some outcomes; what "
                 "it cannot see are the outcomes its own decisions would have caused."),
         Concept("Canary rollout",
                 "A small share of live traffic goes to the new model: real exposure, contained risk.",
                 "A small randomised share of users is served by the candidate. Its purpose is to bound the harm; "
                 "measuring the effect comes second.",
                 "The feedback is real, and on a small share it is mostly noise: no alarm is not no harm."),
         "Does anyone live with the candidate's answers?",
         "Shipping because the shadow was clean, or promoting because a small canary was quiet.",
         "Harm that only users could have shown, or harm that a handful of them could not.", False),
    Pair(12, "human_in_the_loop_vs_automated", "oversight",
         Concept("Human in the loop",
                 "AI recommends, a person approves before anything happens: slower, auditable, required in regulated "
                 "domains.",
                 "Nothing takes effect until a person has decided. Whether that person can see enough, has the time, "
                 "and ever disagrees is a separate question with a measurable answer.",
                 "A person is not an audit log, and what is required differs by law and by use."),
         Concept("Fully automated",
                 "The model acts without review: fast and scalable, if accountability was designed in beforehand.",
                 "Decisions take effect without a person in each case; control lies in limits, audit, appeal and a "
                 "named owner.",
                 "It is not a choice between two: most systems route each case, and four things vary separately – who "
                 "decides, who can stop it, who answers for it, what is recorded."),
         "Who decides, who can stop it, who answers for it, and what is recorded?",
         "Automating decisions with high stakes without saying who is accountable.",
         "A broken rule, a harmed customer or a lost reputation, and no owner when it happens.", True),
)

#: The article's table "typical mistake -> production consequence": eight of the twelve pairs, in its order.
CONSEQUENCE_MAP: tuple[tuple[str, str, str], ...] = tuple(
    (p.title, p.mistake, p.consequence)
    for n in (1, 2, 3, 6, 9, 8, 7, 12) for p in PAIRS if p.number == n)


def pair(which: int | str) -> Pair:
    """The pair with this number, key or slug.

    >>> pair("drift").number, pair(2).left.name, pair("shadow_vs_canary").key
    (2, 'Data drift', 'canary')

    Raises KeyError, with the keys there are, for any other argument.
    """
    for p in PAIRS:
        if which in (p.number, p.key, p.slug):
            return p
    raise KeyError(f"no pair {which!r}; there are {', '.join(p.key for p in PAIRS)}")
