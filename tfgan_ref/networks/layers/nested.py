"""Every layer inside a model, at any depth."""

import keras


def nested_layers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Lists ``layer`` and all layers inside it, each once, an outer layer before its inner ones.

    ``Model.layers`` would not do: it has no layers that are attributes of another layer, such as the one in a
    wrapper or those of a layer made of layers.
    """
    found = {}
    waiting = [layer]
    while waiting:
        layer = waiting.pop()
        if id(layer) not in found:
            found[id(layer)] = layer
            inner = keras.tree.flatten(list(vars(layer).values()))
            waiting += [part for part in reversed(inner) if isinstance(part, keras.layers.Layer)]
    return list(found.values())
