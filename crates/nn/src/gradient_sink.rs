//! Early release of weight gradients: a fused stack emits each block's gradients while it still computes those of the
//! blocks below, so that a caller can send them to other machines in the meantime.

use std::sync::Arc;

/// Receiver of the gradients of fused stacks. Calls come from the thread that runs the backward pass.
pub trait GradientSink: Send + Sync {
    /// Announces a stack when it is built. `names` are its weights in the order in which their gradients are ready.
    fn stack_built(&self, names: &[String]);

    /// Announces a forward pass of the stack whose first ready weight is `first`. Only fused passes emit gradients, but
    /// all passes are announced, so that a receiver knows whether one emitted gradient is complete.
    fn forward_recorded(&self, first: &str);

    /// Takes the gradient of one weight, row-major, as computed by one backward pass of its stack.
    fn gradient_ready(&self, name: &str, gradient: &[f32]);
}

/// A sink with the names of a stack's weights in the order of the fused operation.
#[derive(Clone)]
pub(crate) struct EarlyGradients {
    pub(crate) sink: Arc<dyn GradientSink>,
    /// Names by index: [`crate::ops::stack::BLOCK_WEIGHTS`] of each block, then the final norm's.
    pub(crate) names: Arc<[String]>,
}

impl EarlyGradients {
    /// Stores the names of the weights and announces the stack.
    pub(crate) fn new(sink: Arc<dyn GradientSink>, names: Vec<String>, block: usize) -> Self {
        let (blocks, norm) = names.split_at(names.len().saturating_sub(1));
        let backwards = blocks.chunks(block).rev().flatten();
        let ready: Vec<String> = norm.iter().chain(backwards).cloned().collect();
        sink.stack_built(&ready);
        Self { sink, names: names.into() }
    }

    /// Announces a recorded forward pass.
    pub(crate) fn forward_recorded(&self) {
        if let Some(first) = self.names.last() {
            self.sink.forward_recorded(first);
        }
    }

    /// Emits the gradients of consecutive weights, the first of which has the index `at`.
    pub(crate) fn ready(&self, at: usize, gradients: &[Vec<f32>]) {
        for (name, gradient) in self.names[at..].iter().zip(gradients) {
            self.sink.gradient_ready(name, gradient);
        }
    }
}
