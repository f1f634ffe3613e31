"""A CLIPModel whose layers differ: fewer heads here, fewer neurons there, none at all in a third.

CLIPConfig has one number of heads for all layers, but transformers' forward pass reads widths from the weights, so a
model is given tensors of other shapes and goes on computing. Its config then tells the model it was cut from: sizes are
read by parts.shapes_of. Knows modules and tensors; not why a model is cut.
"""

from torch import Tensor, nn
from transformers import CLIPModel
from transformers.models.clip.modeling_clip import CLIPAttention

from backend.core.params import Params


class NoHeads(nn.Module):
    """Attention that lost all its heads: it adds the output's bias, as it does where all of them are masked.

    The official code drops it, bias and all, so that its cut model differs from the masked one there.
    """

    def __init__(self, attention: CLIPAttention):
        super().__init__()
        self.head_dim, self.num_heads = attention.head_dim, 0
        self.q_proj, self.k_proj, self.v_proj = attention.q_proj, attention.k_proj, attention.v_proj
        self.out_proj = attention.out_proj

    def forward(self, hidden_states: Tensor, **ignored: object) -> tuple[Tensor, None]:
        """The bias at every position; [batch, positions, hidden]."""
        return self.out_proj.bias.expand_as(hidden_states), None


class NoNeurons(nn.Module):
    """An MLP that lost all its neurons: it adds the output's bias."""

    def __init__(self, mlp: nn.Module):
        super().__init__()
        self.fc1, self.fc2 = mlp.fc1, mlp.fc2

    def forward(self, hidden_states: Tensor) -> Tensor:
        """The bias at every position; [batch, positions, hidden]."""
        return self.fc2.bias.expand_as(hidden_states)


def put(model: CLIPModel, tensors: Params) -> CLIPModel:
    """The model with these tensors as its parameters, changed in place. Names are CLIPModel's, shapes are free.

    Tensors that are not named stay. Raises AttributeError for a name that the model does not have.
    """
    for name, tensor in tensors.items():
        owner, _, leaf = name.rpartition(".")
        module = model.get_submodule(owner)
        if not isinstance(getattr(module, leaf), nn.Parameter):
            raise AttributeError(f"{name} is no parameter.")
        setattr(module, leaf, nn.Parameter(tensor))
    for tower in (model.vision_model, model.text_model):
        tower.embeddings.embed_dim = tower.embeddings.position_embedding.weight.shape[1]
        for layer in tower.encoder.layers:
            _heads(layer)
            if not len(layer.mlp.fc1.weight) and not isinstance(layer.mlp, NoNeurons):
                layer.mlp = NoNeurons(layer.mlp)
    for module in model.modules():
        _told(module)
    return model


def _heads(layer: nn.Module) -> None:
    attention = layer.self_attn
    heads = len(attention.q_proj.weight) // attention.head_dim
    if heads:
        attention.num_heads, attention.embed_dim = heads, attention.q_proj.weight.shape[1]
    elif not isinstance(attention, NoHeads):
        layer.self_attn = NoHeads(attention)


def _told(module: nn.Module) -> None:
    """A module's own account of its sizes; LayerNorm computes by it."""
    if isinstance(module, nn.LayerNorm):
        module.normalized_shape = tuple(module.weight.shape)
    elif isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, nn.Embedding):
        module.num_embeddings, module.embedding_dim = module.weight.shape
    elif isinstance(module, nn.Conv2d):
        module.out_channels = len(module.weight)
