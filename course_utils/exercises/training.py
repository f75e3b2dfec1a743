"""Exercises of notebook 04: training vs inference."""
from __future__ import annotations

from functools import cache

from .engine import Exercise

# ------------------------------------------------------------------ training.safe_predict


def safe_predict(model, x):
    """Predict with a network that may be in the middle of its training, and leave no trace.

    model : a torch.nn.Module. Any of its parts, at any depth, may be in training mode or not, and
        any parameter frozen or not: a frozen part of a model that is being fine-tuned, for
        example, may stand in evaluation mode on purpose.
    x : a tensor with one row for each case.
    Called while torch records. Predicts with every part in evaluation mode and without recording for a
        backward pass. Afterwards everything is as you found it, what torch records from now on included.
    Returns a dict with
        "scores" : the model's output as (nested) list, by .tolist(),
        "recorded" : bool, the output's .requires_grad,
    and, looked up at the end, after any `with` (a decorator would hold too long),
        "modes" : list of bool, .training of each of model.modules(),
        "learnable" : list of bool, .requires_grad of each of model.parameters(),
        "recording" : bool, torch.is_grad_enabled().
    """
    import torch

    modes = [part.training for part in model.modules()]
    model.eval()
    with torch.no_grad():
        output = model(x)
    for part, mode in zip(model.modules(), modes):
        part.training = mode
    return {"scores": output.tolist(), "recorded": output.requires_grad,
            "modes": [part.training for part in model.modules()],
            "learnable": [p.requires_grad for p in model.parameters()],
            "recording": torch.is_grad_enabled()}


@cache
def _parts():
    """The classes that inputs are made of. Torch is imported only when this exercise is checked."""
    import torch

    class Dropout(torch.nn.Module):
        """Zeroes the same half in each call, so that equal programs give equal answers."""

        def forward(self, x):
            luck = torch.rand(x.shape, generator=torch.Generator().manual_seed(4))
            return 2 * x * (luck > 0.5) if self.training else x

    class Probe(torch.nn.Module):
        """Adds 1000 if the pass is recorded: a check sees only what is returned, and .detach() hides a record."""

        def forward(self, x):
            return x + 1000 if x.requires_grad else x

    class Block(torch.nn.Sequential):
        """Looks at its own mode, as one does that calls functional.dropout: not only single layers have one."""

        def forward(self, x):
            return super().forward(x) + 100 * self.training

    class Net(Block):
        def equals(self, other):
            return self.traces() == other.traces()

        def traces(self):                    # what a call may leave behind
            return ([part.training for part in self.modules()], [p.requires_grad for p in self.parameters()],
                    [value.tolist() for value in self.state_dict().values()])

        def __repr__(self):
            return f"Net(modes={[part.training for part in self.modules()]})"

    return Net, Block, Dropout, Probe


def _predict_inputs(rng):
    import torch

    Net, Block, Dropout, Probe = _parts()
    with torch.random.fork_rng(devices=[]):
        block = Block(torch.nn.BatchNorm1d(4), Dropout())
        model = Net(torch.nn.Linear(3, 4), block, torch.nn.Linear(4, 1), Probe())
    x, *numbers = (torch.tensor(rng.normal(size=shape), dtype=torch.float32)
                   for shape in ((4, 3), *(p.shape for p in model.parameters())))
    for parameter, values in zip(model.parameters(), numbers):
        parameter.data = values
    model.train(bool(rng.random() < 0.7))
    luck = rng.random()
    if luck < 0.7:
        (block if luck < 0.3 else block[0]).eval().requires_grad_(False)
    return model, x


def _recording():
    """Recording is on inside, and afterwards as it was before, whatever an answer has left."""
    import torch

    return torch.enable_grad()


def _answer(model, output, **other):
    return {"scores": output.tolist(), "recorded": output.requires_grad,
            "modes": [part.training for part in model.modules()],
            "learnable": [p.requires_grad for p in model.parameters()], "recording": True, **other}


def _restored(model, modes):
    for part, mode in zip(model.modules(), modes):
        part.training = mode


def _only_no_grad(model, x):
    """The model was not put into evaluation mode. no_grad only drops the record for a backward pass: dropout goes on
    dropping, batch normalisation goes on using and updating the statistics of whatever is in the batch."""
    import torch

    with torch.no_grad():
        return _answer(model, model(x))


def _only_eval(model, x):
    """Everything was still recorded for a backward pass. eval() changes how layers compute and nothing else; without
    no_grad or inference_mode each prediction holds on to the memory that a training step would need."""
    modes = [part.training for part in model.modules()]
    output = model.eval()(x)
    _restored(model, modes)
    return _answer(model, output)


def _only_eval_left(model, x):
    return _answer(model, model.eval()(x))


_only_eval_left.__doc__ = _only_eval.__doc__


def _detached(model, x):
    """The pass was recorded, and detach() threw the record away afterwards: the memory was needed all the same.
    no_grad and inference_mode make none. (The network of this check adds 1000 to a recorded pass, to tell.)"""
    modes = [part.training for part in model.modules()]
    output = model.eval()(x).detach()
    _restored(model, modes)
    return _answer(model, output)


def _detached_left(model, x):
    return _answer(model, model.eval()(x).detach())


_detached_left.__doc__ = _detached.__doc__


def _frozen(model, x):
    """You froze the parameters, and they stayed frozen: the training that goes on afterwards changes nothing any more.
    What is recorded is a property of the call; leave the parameters alone and use no_grad or inference_mode."""
    modes = [part.training for part in model.modules()]
    output = model.eval().requires_grad_(False)(x)
    _restored(model, modes)
    return _answer(model, output)


def _off_for_good(model, x):
    """When you looked, recording was off. set_grad_enabled(False) holds for the whole program from then on, and the next
    training step fails; no_grad ends by itself, but only after the last line of its `with`, or of what it decorates."""
    return {**safe_predict(model, x), "recording": False}


def _only_these(parts, model, x):
    import torch

    modes = [part.training for part in model.modules()]
    for part in parts:
        part.eval()
    with torch.no_grad():
        output = model(x)
    _restored(model, modes)
    return _answer(model, output)


def _children_to_eval(model, x):
    """Some part was in training mode while it predicted: the model itself, or a block in it. Not only single layers have
    a mode: what calls functional.dropout, say, goes by its own flag. model.eval() sets every part."""
    return _only_these(model.children(), model, x)


def _layers_to_eval(model, x):
    return _only_these([part for part in model.modules() if not list(part.children())], model, x)


_layers_to_eval.__doc__ = _children_to_eval.__doc__


def _plain_call(model, x):
    """You called the model as it stood. A forward pass is a prediction only if the layers are in evaluation mode, and
    nothing stops recording by itself because no backward pass follows."""
    return _answer(model, model(x))


def _mode_left(model, x):
    """The model was left in evaluation mode. eval() is no property of the call, it changes the model: the training
    that goes on afterwards runs without dropout and with frozen statistics, and no error says so."""
    import torch

    with torch.no_grad():
        return _answer(model, model.eval()(x))


def _always_train(model, x):
    """You ended with train(), whatever the mode was. A model that came in for serving goes out in training mode, and
    the next caller gets a random answer."""
    import torch

    with torch.no_grad():
        output = model.eval()(x)
    return _answer(model.train(), output)


def _one_flag(model, x):
    """You restored one mode for the whole model. train(mode) sets every part, also those that stood in another mode
    on purpose: a frozen batch normalisation, for example, starts to move again. Each part has its own flag."""
    import torch

    before = model.training
    with torch.no_grad():
        output = model.eval()(x)
    return _answer(model.train(before), output)


def _children_only(model, x):
    """You restored the parts that the model holds directly. train(mode) of a part sets everything inside it too, also
    what stood in another mode on purpose. model.modules() goes through all depths, and each has its own flag."""
    import torch

    before, modes = model.training, [part.training for part in model.children()]
    with torch.no_grad():
        output = model.eval()(x)
    model.train(before)
    for part, mode in zip(model.children(), modes):
        part.train(mode)
    return _answer(model, output)


# ------------------------------------------------------------------ training.bytes_needed


def bytes_needed(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """Bytes for training and for serving the same model, both in 32 bits (4 bytes a number).

    parameters, trained : the model's numbers, and how many of them AdamW trains, with two for each.
    kept_per_token : bytes that a forward pass keeps for the backward pass, for each token.
    cache_per_token : bytes of keys and values, for each token of a conversation.
    batch, conversations : lists of ints, the tokens of each text trained on, each conversation served.
    Returns {"training": bytes, "serving": bytes}, without what single layers need for a moment.
    """
    weights = 4 * parameters
    gradients, adam = 4 * trained, 8 * trained
    return {"training": weights + gradients + adam + kept_per_token * sum(batch),
            "serving": weights + cache_per_token * sum(conversations)}


def _bytes_inputs(rng):
    parameters = int(rng.integers(1, 50)) * 100_000
    trained = int(parameters * rng.choice([0.05, 0.2, 1.0]))
    return (parameters, trained, int(rng.integers(20, 90)) * 1000, [int(n) for n in rng.integers(20, 500, rng.integers(1, 5))],
            int(rng.integers(1, 9)) * 1024, [int(n) for n in rng.integers(20, 500, rng.integers(2, 9))])


def _bytes(p, trained, kept, batch, cache, conversations, *, weights=4, gradients=4, adam=8, training_cache=0):
    return {"training": weights * p + (gradients + adam) * trained + kept * sum(batch) + training_cache * cache * sum(batch),
            "serving": 4 * p + cache * sum(conversations)}


def _no_adam(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """AdamW's state is missing: two running means for each trained parameter, twice the size of the gradients, and it
    stays between the steps."""
    return _bytes(parameters, trained, kept_per_token, batch, cache_per_token, conversations, adam=0)


def _two_numbers(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """Each trained parameter was given two numbers beside itself, where it needs three: its gradient, and the two
    that AdamW keeps, a mean of the gradients and one of their squares."""
    return _bytes(parameters, trained, kept_per_token, batch, cache_per_token, conversations, adam=4)


def _weights_twice(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You counted the weights twice in training. The optimiser changes them in place: what it adds is not a second
    model but the gradients and its own state."""
    return _bytes(parameters, trained, kept_per_token, batch, cache_per_token, conversations, weights=8)


def _weights_only(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You took the weights, and the texts. For each trained parameter training holds three numbers more: a gradient
    and AdamW's two."""
    return _bytes(parameters, trained, kept_per_token, batch, cache_per_token, conversations, gradients=0, adam=0)


def _all_trained(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You gave a gradient and an optimiser's state to every parameter. Frozen ones need neither: that is the memory
    that adapters save."""
    return _bytes(parameters, parameters, kept_per_token, batch, cache_per_token, conversations)


def _no_kept(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """What the forward pass keeps for the backward pass is missing. It grows with every token of the batch, and for
    long texts it is the largest part."""
    return _bytes(parameters, trained, 0, batch, cache_per_token, conversations)


def _cache_in_training(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You added a KV cache to training. Training sees all tokens of a text at once and has nothing to look up: its
    keys and values are among what the forward pass keeps."""
    return _bytes(parameters, trained, kept_per_token, batch, cache_per_token, conversations, training_cache=1)


def _one_cache(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You made room for one conversation, the longest. The weights are shared by all who are served at a time, the
    caches are not: each conversation has its own keys and values."""
    full = bytes_needed(parameters, trained, kept_per_token, batch, cache_per_token, conversations)
    return {**full, "serving": 4 * parameters + cache_per_token * max(conversations)}


def _no_cache(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You counted the weights alone for serving. They are what a server needs before anybody talks to it: each token
    of each conversation adds its keys and values."""
    full = bytes_needed(parameters, trained, kept_per_token, batch, cache_per_token, conversations)
    return {**full, "serving": 4 * parameters}


def _kept_when_serving(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You counted in serving what a forward pass keeps for a backward pass. No backward pass follows, so nothing is
    kept but the cache, provided that the recording is switched off."""
    full = bytes_needed(parameters, trained, kept_per_token, batch, cache_per_token, conversations)
    return {**full, "serving": full["serving"] + kept_per_token * sum(conversations)}


def _kept_by_share(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You scaled what the forward pass keeps by the trained share. kept_per_token is given as it is; and what is kept
    shrinks far less than the share wherever the gradient has to pass through frozen layers."""
    return _bytes(parameters, trained, kept_per_token * trained / parameters, batch, cache_per_token, conversations)


def _sixteen_trained(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """Sixteen bytes for each trained parameter, and none for the frozen ones. Frozen weights take part in every pass:
    4 bytes for each parameter, and 12 more for each trained one."""
    return _bytes(trained, trained, kept_per_token, batch, cache_per_token, conversations) | {
        "serving": 4 * parameters + cache_per_token * sum(conversations)}


def _padded(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You padded every text to the longest. Many programs do, and pay for it; here the tokens of each text are asked."""
    return _bytes(parameters, trained, kept_per_token, [len(batch) * max(batch)], cache_per_token, conversations)


def _padded_both(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    return _bytes(parameters, trained, kept_per_token, [len(batch) * max(batch)], cache_per_token,
                  [len(conversations) * max(conversations)])


_padded_both.__doc__ = _padded.__doc__


def _counts(parameters, trained, kept_per_token, batch, cache_per_token, conversations):
    """You multiplied by how many texts there are. What is kept grows with every token: the lists hold the tokens of
    each text, so their sum is wanted, not their length."""
    return _bytes(parameters, trained, kept_per_token, [len(batch)], cache_per_token, [len(conversations)])


# ------------------------------------------------------------------ training.breakeven_requests


def breakeven_requests(parameters, trained_on, read, written):
    """After how many requests has serving cost as many FLOPs as training did?

    parameters : the model's size N. trained_on : tokens that it was trained on, all repetitions counted.
    read, written : tokens of a request that the model reads and that it writes. With a KV cache each
        of them goes through the model once; count the last one written, too.
    Returns a float, by the rules 6N and 2N.
    """
    return 3 * trained_on / (read + written)


def _breakeven_inputs(rng):
    return (int(rng.integers(1, 100)) * 10**6, int(rng.integers(1, 500)) * 10**6, int(rng.integers(20, 900)),
            int(rng.integers(10, 300)))


def _token_for_token(parameters, trained_on, read, written):
    """You set a trained token equal to a served one. A served token goes forward only; a trained one also goes
    backward, which costs twice as much again: three served tokens for each trained one."""
    return trained_on / (read + written)


def _backward_only(parameters, trained_on, read, written):
    """You counted the backward pass, which costs two forward passes, and left out the forward pass of the same step.
    Training pays for both."""
    return 2 * trained_on / (read + written)


def _per_parameter(parameters, trained_on, read, written):
    """N is still in your result. A larger model makes training and serving dearer by the same factor, so that it
    cancels: the break-even is a matter of tokens alone."""
    return 6 * parameters * trained_on / (2 * (read + written))


def _six(parameters, trained_on, read, written):
    """You took 6N for training and N for serving. A forward pass multiplies and adds for each parameter: 2N."""
    return 6 * trained_on / (read + written)


def _written_only(parameters, trained_on, read, written):
    """You counted the tokens that the model writes. It also has to read the prompt, and each token of that goes
    through the same layers: in many services it is the larger part."""
    return 3 * trained_on / written


def _read_only(parameters, trained_on, read, written):
    """You counted the tokens that the model reads. Each token that it writes goes through the same layers as well."""
    return 3 * trained_on / read


def _upside_down(parameters, trained_on, read, written):
    """You divided the other way round: what a request costs over what training cost. The more was spent on training,
    the later serving catches up."""
    return (read + written) / (3 * trained_on)


def _tokens(parameters, trained_on, read, written):
    """That is the number of served tokens at which the bills are equal. A request takes several: divide by those that
    it reads and writes."""
    return float(3 * trained_on)


def _a_third(parameters, trained_on, read, written):
    """The three stands on the wrong side. A served token costs a third of a trained one, so that it takes three times
    as many of them, not a third."""
    return trained_on / (3 * (read + written))


# ------------------------------------------------------------------ training.cheapest_size


def cheapest_size(sizes, gap, served, runs):
    """The size with the smallest bill for life, at a given quality.

    sizes : list of numbers of parameters to choose from.
    gap : the loss above E that is wanted; A / N**a + B / D**b must not exceed it, with
        A = 406.4, a = 0.336, B = 410.7, b = 0.283.
    served : tokens to be served over the model's life, by all its versions together.
    runs : how often it is trained from nothing in this time, on the same number of tokens each.
    Returns (size, bill): that of `sizes` with the fewest FLOPs, and these, by 6 N D a run and 2 N a
        served token, where D is just enough data for this size. Sizes that cannot reach the gap with
        any amount of data are out.
    """
    bills = {}
    for size in sizes:
        left = gap - 406.4 / size**0.336            # what the data may add to the loss
        if left > 0:
            data = (410.7 / left) ** (1 / 0.283)
            bills[size] = 6 * size * data * runs + 2 * size * served
    best = min(bills, key=bills.get)
    return best, bills[best]


_SIZES = [0.5e9, 1e9, 1.5e9, 2e9, 3e9, 4e9, 5e9, 6e9, 8e9, 10e9, 13e9, 16e9, 20e9]


def _gap(size):
    data = (0.283 * 410.7 / (0.336 * 406.4) * size**0.336) ** (1 / 0.283)
    return 406.4 / size**0.336 + 410.7 / data**0.283


def _size_inputs(rng):
    sizes = sorted(float(s) for s in rng.choice(_SIZES, 9, replace=False))
    gap = max(_gap(float(rng.choice([8e9, 13e9, 16e9]))), 1.02 * 406.4 / sizes[-2] ** 0.336)
    return sizes, float(round(gap, 5)), float(rng.choice([1e11, 2e12, 2e13, 2e14])), int(rng.choice([1, 4, 12]))


def _cheapest(sizes, gap, chosen_by, billed):
    """The size that is cheapest by one bill, with another bill written under it."""
    reach = {size: (410.7 / (gap - 406.4 / size**0.336)) ** (1 / 0.283) for size in sizes if gap > 406.4 / size**0.336}
    best = min(reach, key=lambda size: chosen_by(size, reach[size]))
    return best, billed(best, reach[best])


def _life(served, runs):
    return lambda size, data: 6 * size * data * runs + 2 * size * served


def _training_only(sizes, gap, served, runs):
    """You made the training cheapest. That is the compute-optimal size, and it ignores everything that comes after:
    each served token pays for every parameter."""
    return _cheapest(sizes, gap, lambda size, data: size * data, _life(served, runs))


def _training_bill(sizes, gap, served, runs):
    return _cheapest(sizes, gap, _life(0, runs), _life(0, runs))


_training_bill.__doc__ = _training_only.__doc__


def _serving_only(sizes, gap, served, runs):
    """You took the smallest size that can reach the quality at all. Close to that limit the data that it needs grow
    beyond all bounds, and training eats what serving saves."""
    return _cheapest(sizes, gap, lambda size, data: size, _life(served, runs))


def _serving_bill(sizes, gap, served, runs):
    return _cheapest(sizes, gap, _life(served, 0), _life(served, 0))


_serving_bill.__doc__ = _serving_only.__doc__


def _trained_once(sizes, gap, served, runs):
    """You counted one training run. A model that is trained again every month pays for training every month, and that
    pulls the best size back towards the compute-optimal one."""
    return _cheapest(sizes, gap, _life(served, 1), _life(served, 1))


def _served_each_run(sizes, gap, served, runs):
    """You multiplied the served tokens by the runs as well. `served` is for the whole life, all versions together:
    with each retraining the training is paid again, and the traffic is not."""
    return _cheapest(sizes, gap, _life(served * runs, runs), _life(served * runs, runs))


def _same_token_price(sizes, gap, served, runs):
    """You let a served token cost as much as a trained one. It goes forward only: 2N, where a trained one costs 6N."""
    return _cheapest(sizes, gap, _life(3 * served, runs), _life(3 * served, runs))


def _twenty(sizes, gap, served, runs):
    """You gave every size 20 tokens a parameter. That rule of thumb is for the cheapest training; the wanted quality
    decides here, and the smaller the model, the more tokens it takes to reach it."""
    def bill(size, data):
        return _life(served, runs)(size, 20 * size)
    return _cheapest(sizes, gap, bill, bill)


def _out_of_reach(sizes, gap, served, runs):
    """You took the smallest size of all, which may be unable to reach the quality: where 406.4 / N**0.336 alone is above the
    gap, no data are enough. For the others the data grow as the size shrinks, and these are the price."""
    best = min(sizes)
    left = gap - 406.4 / best**0.336
    return best, _life(served, runs)(best, (410.7 / left) ** (1 / 0.283) if left > 0 else 0)


EXERCISES = [
    Exercise("training.safe_predict", safe_predict, _predict_inputs,
             [(_only_no_grad, "no_grad turns dropout off"),
              (_only_eval, "eval stops the recording"),
              (_only_eval_left, "eval stops the recording"),
              (_detached, "a record that is thrown away costs nothing"),
              (_detached_left, "a record that is thrown away costs nothing"),
              (_frozen, "freezing belongs to the call"),
              (_off_for_good, "recording comes back by itself"),
              (_children_to_eval, "only single layers have a mode"),
              (_layers_to_eval, "only single layers have a mode"),
              (_plain_call, "a forward pass is a prediction"),
              (_mode_left, "the mode belongs to the call"),
              (_always_train, "a model is in training unless it predicts"),
              (_one_flag, "one flag holds for the whole model"),
              (_children_only, "one flag holds for all inside a part")],
             ("There are two switches, and neither does the other's work. One of them changes the model and has to be undone.",
              "Note part.training of each of model.modules() before you call model.eval(); set them back at the end. Predict "
              "under torch.no_grad() or torch.inference_mode()."), setting=_recording),
    Exercise("training.bytes_needed", bytes_needed, _bytes_inputs,
             [(_no_adam, "the optimiser takes no memory"),
              (_two_numbers, "two numbers are kept for each trained parameter"),
              (_weights_twice, "training holds the model twice"),
              (_weights_only, "a model's memory is its weights"),
              (_all_trained, "frozen parameters cost what trained ones do"),
              (_no_kept, "texts take no memory in training"),
              (_cache_in_training, "training needs a KV cache"),
              (_one_cache, "the cache is shared by all conversations"),
              (_no_cache, "a model's memory is its weights"),
              (_kept_when_serving, "serving keeps what training keeps"),
              (_kept_by_share, "what is kept shrinks with the trained share"),
              (_sixteen_trained, "frozen weights take no memory"),
              (_padded, "every text is as long as the longest"),
              (_padded_both, "every text is as long as the longest"),
              (_counts, "a text is a text, however long")],
             ("Which parts grow with the number of parameters, which with that of trained parameters, which with tokens?",
              "Training: 4 bytes for each parameter, 4 + 8 for each trained one, and what is kept for each token of the batch. "
              "Serving: 4 bytes for each parameter, and the cache for each token of each conversation.")),
    Exercise("training.breakeven_requests", breakeven_requests, _breakeven_inputs,
             [(_token_for_token, "a served token costs what a trained one does"),
              (_backward_only, "training is the backward pass"),
              (_per_parameter, "large models break even later"),
              (_six, "a forward pass costs one operation a parameter"),
              (_written_only, "reading a prompt is free"),
              (_read_only, "writing is free"),
              (_tokens, "a request is a token"),
              (_upside_down, "the more training, the sooner serving catches up"),
              (_a_third, "a served token costs three trained ones")],
             ("Write both costs down: what does a token cost in training, what in serving? What cancels?",
              "6 N D = 2 N (tokens a request) (requests).")),
    Exercise("training.cheapest_size", cheapest_size, _size_inputs,
             [(_training_only, "the training-optimal size is the optimal one"),
              (_training_bill, "the training-optimal size is the optimal one"),
              (_serving_only, "the smallest model is the cheapest to run"),
              (_serving_bill, "the smallest model is the cheapest to run"),
              (_trained_once, "a model is trained once"),
              (_served_each_run, "each retraining serves the whole traffic again"),
              (_same_token_price, "a served token costs what a trained one does"),
              (_twenty, "twenty tokens a parameter give any quality"),
              (_out_of_reach, "any size reaches any quality")],
             ("For each size work out first how much data it needs to reach the gap; some need more than there can be.",
              "left = gap - 406.4 / size**0.336; if left > 0, data = (410.7 / left) ** (1 / 0.283); then the bill.")),
]
