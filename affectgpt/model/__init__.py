"""AffectGPT as flat files in transformers' roles: what is uploaded to the Hub, and its registration."""

from transformers import AutoConfig, AutoModel, AutoModelForMultimodalLM, AutoProcessor

from .configuration_affectgpt import AffectGPTConfig
from .modeling_affectgpt import AffectGPTForConditionalGeneration
from .processing_affectgpt import AffectGPTProcessor

AutoConfig.register("affectgpt", AffectGPTConfig, exist_ok=True)
AutoModel.register(AffectGPTConfig, AffectGPTForConditionalGeneration, exist_ok=True)
AutoModelForMultimodalLM.register(AffectGPTConfig, AffectGPTForConditionalGeneration, exist_ok=True)
AutoProcessor.register(AffectGPTConfig, AffectGPTProcessor, exist_ok=True)

__all__ = ["AffectGPTConfig", "AffectGPTForConditionalGeneration", "AffectGPTProcessor"]
