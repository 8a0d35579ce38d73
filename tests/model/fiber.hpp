// fiber.hpp — a stack that runs one function at a time, switched by hand.

#pragma once

#include <cstddef>
#include <memory>

#include <ucontext.h>

namespace eddy::model {

class fiber {
public:
    using body = void (*)();

    /// Prepares `run` on this fiber's stack; what was there before is forgotten without unwinding.
    /// `run` must not return: it switches away for good.
    void reset(body run) {
        if (!stack_) {
            stack_ = std::make_unique<std::byte[]>(stack_bytes);
        }
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack_.get();
        context_.uc_stack.ss_size = stack_bytes;
        context_.uc_link = nullptr;
        makecontext(&context_, run, 0);
    }

    void switch_to(fiber& other) { swapcontext(&context_, &other.context_); }

private:
    static constexpr std::size_t stack_bytes = std::size_t{256} * 1024;

    std::unique_ptr<std::byte[]> stack_; // none: the fiber that stands for the calling thread
    ucontext_t context_{};
};

} // namespace eddy::model
