"""What a forward pass keeps in memory for the backward pass that may follow."""
from __future__ import annotations


def kept(model, call, *args) -> int:
    """Bytes of the numbers that ``call(*args)`` keeps for a backward pass, the model's own left out.

    A number that several tensors share counts once; of a larger tensor that is passed in, only
    the part that is used counts.

    >>> import torch
    >>> layer, x = torch.nn.Linear(5, 64), torch.zeros(1000, 5)
    >>> kept(layer, layer, x[:200]) == 200 * 5 * 4      # its input, in 4 bytes a number
    True
    >>> with torch.no_grad():
    ...     kept(layer, layer, x)
    0
    """
    import torch

    own = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    alive, reach = [], {}

    def note(tensor):
        alive.append(tensor)                # so that its place in memory is not used again
        place = tensor.untyped_storage().data_ptr()
        if place not in own and tensor.numel():
            last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))
            start, end = tensor.data_ptr(), tensor.data_ptr() + (last + 1) * tensor.element_size()
            first, furthest = reach.get(place, (start, end))
            reach[place] = min(first, start), max(furthest, end)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        call(*args)
    return sum(end - start for start, end in reach.values())
