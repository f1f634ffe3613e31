"""Named plans are the published methods: they draw what DeepCache's helper and diffusers' own hooks draw."""

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, PyramidAttentionBroadcastConfig, StableDiffusionPipeline
from diffusers.hooks import apply_pyramid_attention_broadcast

from backend.core.diffusion import step_sets
from backend.core.diffusion.dead_code import programs
from backend.core.diffusion.inheriting import Inheriting
from backend.core.diffusion.modules import modules_of
from backend.core.diffusion.named_plans import (
    attention_broadcast,
    deepcache,
    faster_diffusion,
    level_plan,
    levels_of,
    t_gate,
)
from backend.core.diffusion.sampling import predictor, sample
from backend.errors import UserError
from tests.core.diffusion.drawing import noise, stable_unet, words
from tests.core.diffusion.tiny import tiny_text, tiny_unet

STEPS = 5


def stable_pipeline(unet):
    """A StableDiffusionPipeline around this UNet, without tokenizer, autoencoder to speak of or safety checker."""
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",),
        up_block_types=("UpDecoderBlock2D",),
        block_out_channels=(8,),
        latent_channels=12,
        norm_num_groups=4,
    )
    pipeline = StableDiffusionPipeline(
        vae.eval(),
        tiny_text(),
        None,
        unet,
        DDIMScheduler(clip_sample=False, steps_offset=1),
        None,
        None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def piped(pipeline, guidance):
    return pipeline(
        prompt_embeds=words(),
        negative_prompt_embeds=words(seed=2),
        latents=noise(),
        num_inference_steps=STEPS,
        guidance_scale=guidance,
        output_type="latent",
    ).images


@pytest.mark.parametrize(
    ("make", "guidance", "branch"),
    [(stable_unet, 1.0, branch) for branch in (0, 1, 2, 3, 11)] + [(stable_unet, 5.0, 0), (tiny_unet, 5.0, 4)],
)
def test_a_branch_is_what_the_helper_of_deepcache_draws(make, guidance, branch):
    helpers = pytest.importorskip("DeepCache", reason="DeepCache 0.1.1 is not installed")
    unet = make()
    modules, pipeline = modules_of(unet), stable_pipeline(unet)
    plain = piped(pipeline, guidance)
    helper = helpers.DeepCacheSDHelper(pipe=pipeline)
    helper.set_params(cache_interval=3, cache_branch_id=branch)
    helper.enable()
    theirs = piped(pipeline, guidance)
    helper.disable()
    with Inheriting(unet, deepcache(modules, STEPS, branch, 3)):
        ours = piped(pipeline, guidance)
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()
    assert not torch.equal(ours, plain) and torch.equal(piped(pipeline, guidance), plain)


@pytest.mark.parametrize("interval", [2, 3])
@pytest.mark.parametrize("make", [tiny_unet, stable_unet])
def test_attention_broadcast_is_what_the_hooks_of_diffusers_draw(make, interval):
    unet, schedule, moment = make(), DDIMScheduler(clip_sample=False), [0]

    def drawn():
        answer = predictor(unet, words())

        def predict(latents, step, t):
            moment[0] = int(t)
            return answer(latents, step, t)

        return sample(predict, schedule, noise(), STEPS)

    plain = drawn()
    plan = attention_broadcast(modules_of(unet), schedule.timesteps.tolist(), interval)
    with Inheriting(unet, plan):
        ours = drawn()
    config = PyramidAttentionBroadcastConfig(
        spatial_attention_block_skip_range=interval,
        cross_attention_block_skip_range=interval,
        cross_attention_timestep_skip_range=(100, 800),
        current_timestep_callback=lambda: moment[0],
    )
    apply_pyramid_attention_broadcast(unet, config)
    theirs = drawn()
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()
    assert not torch.allclose(ours, plain)


def test_deepcache_inherits_one_value_and_the_rest_is_dead():
    modules = modules_of(stable_unet())
    counts = []
    for branch in range(12):
        plan = deepcache(modules, 4, branch, 2)
        found = programs(modules, plan)
        assert len(plan.inherit) == 1 == len(found[1].given) and plan.inherit[0].at == (1, 3)
        counts.append(len(found[1].executed))
    assert counts == sorted(counts) and len(set(counts)) == 12
    with pytest.raises(UserError, match="no branch 12"):
        deepcache(modules, 4, 12, 2)


def test_faster_diffusion_runs_the_encoder_at_its_key_steps():
    modules = modules_of(tiny_unet())
    plan = faster_diffusion(modules, 50)
    assert {entry.module.split(".")[0] for entry in plan.inherit} == {"conv_in", "down_blocks", "mid_block"}
    assert [step for step in range(50) if not plan.at(step)] == [0, 1, 2, 3, 5, 10, 15, 25, 35]
    executed = programs(modules, plan)[4].executed
    assert executed and all(id.startswith(("up_blocks", "conv_out")) for id in executed)


def test_t_gate_computes_cross_attention_before_its_gate_only():
    modules = modules_of(tiny_unet())
    plan = t_gate(modules, 10, 4)
    assert {entry.at for entry in plan.inherit} == {(4, 5, 6, 7, 8, 9)}
    assert {entry.module for entry in plan.inherit} == {m.id for m in modules if m.kind == "attn2"}


def test_levels_are_those_of_the_unet():
    deep, light = modules_of(stable_unet()), modules_of(stable_unet(mid_block_type=None))
    assert levels_of(deep)[:6] == ("mid", "deep3", "deep2", "deep1", "encoder", "decoder")
    assert "mid" not in levels_of(light)
    with pytest.raises(UserError, match="no level 'mid'"):
        level_plan(light, "mid", 4, step_sets.uniform(4, 2))
    taken = [id for (id,) in {(entry.module,) for entry in level_plan(deep, "deep3", 4, (0, 2)).inherit}]
    assert sorted(taken) == ["down_blocks.3", "mid_block", "up_blocks.0"]
    executed = [
        len(programs(deep, level_plan(deep, level, 2, (0,)))[1].executed)
        for level in ("mid", "deep3", "deep2", "deep1", "whole")
    ]
    assert executed == sorted(executed, reverse=True) and executed[-1] == 0
