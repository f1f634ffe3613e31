"""Inheritance the simple way, as the twin of the fast one: everything runs, then outputs are exchanged."""

from contextlib import contextmanager

from backend.core.diffusion.modules import ancestors, modules_of


@contextmanager
def inheriting_naively(unet, plan):
    """Within, every call of the UNet is one step of the plan; nothing is left out, so nothing is saved."""
    modules = {module.id: module for module in modules_of(unet)}
    around = {id: (*outer, id) for id, outer in ancestors(modules.values()).items()}
    step, kept, handles = [-1], {}, []

    def taken():
        at = plan.at(step[0])
        return {modules[id].branch if reading == "branch" else id for id, reading in at.items()}

    def exchange(id):
        def hook(module, args, output):
            if id in taken():
                return kept[id]
            if not taken().intersection(around[id]):  # what is inside something inherited does not count as run
                kept[id] = output
            return output

        return hook

    named = {entry.module for entry in plan.inherit}
    named |= {modules[id].branch for id in named if modules[id].branch}
    handles += [unet.get_submodule(id).register_forward_hook(exchange(id)) for id in sorted(named)]
    handles.append(unet.register_forward_pre_hook(lambda module, args: step.__setitem__(0, step[0] + 1)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
