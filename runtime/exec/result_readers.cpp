// result_readers.cpp — a long result as a job of a thread pool.

#include "exec/result_readers.hpp"

#include "exec/process_pool.hpp"
#include <eddy/exec/registered_exception.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace eddy::inline v0 {

void settle_with(process_job& job, message_kind kind, std::span<const std::byte> body) noexcept {
    try {
        code_reader reader(body);
        if (kind == message_kind::value) {
            job.settle(reader);
        } else {
            job.settle_error(registered_exception::decode(reader));
        }
    } catch (...) {
        job.settle_error(std::current_exception());
    }
}

// One result. Whoever destroys it reads it, if nobody has: the pool of threads may refuse it.
class result_readers::work final : public executor_job {
public:
    // What is given is taken over at the end, when nothing can fail any more.
    work(const process_pool& of, job_ref& job, message_kind kind, code_buffer& body)
        : of_(&of), job_(std::move(job)), kind_(kind), body_(std::move(body)) {}
    ~work() override { read(); }
    work(const work&) = delete;
    work& operator=(const work&) = delete;

    void run() noexcept override {
        const process_pool::service here(*of_);
        read();
    }
    void cancel() noexcept override { read(); }
    void fail(std::exception_ptr /*why*/) noexcept override { read(); }
    [[nodiscard]] const std::type_info& function() const noexcept override { return typeid(work); }
    [[nodiscard]] future_state& state() noexcept override { return job_->state(); }

private:
    void read() noexcept {
        if (!std::exchange(read_, true)) {
            settle_with(*job_, kind_, body_.bytes());
            body_ = code_buffer();
        }
    }

    const process_pool* of_;
    job_ref job_;
    message_kind kind_;
    code_buffer body_;
    bool read_ = false;
};

void result_readers::read(job_ref job, message_kind kind, code_buffer body) noexcept {
    job_pointer<executor_job> made;
    try {
        if (!threads_) {
            threads_.emplace(thread_pool_options{.threads_max = threads_max, .name = "eddy-reads"});
        }
        made.reset(new work(*of_, job, kind, body));
    } catch (...) {
        settle_with(*job, kind, body.bytes());
        return;
    }
    try {
        threads_->post(std::move(made), when_full::refuse);
    } catch (...) { // no thread can be had: it was read when it was destroyed
    }
}

} // namespace eddy::inline v0
