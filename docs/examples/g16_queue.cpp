// g16_queue.cpp — a queue and a consumer: everything is put, join() waits until it has been dealt
// with, then the consumer is cancelled.
//
// Output:
//     processed: 0
//     processed: 1
//     processed: 2
//     processed: 3
//     processed: 4

#include <eddy/eddy.hpp>

#include <cstdio>

eddy::coro<> consumer(eddy::queue<int>& q) {
    for (;;) {
        const int item = co_await q.get();
        std::printf("processed: %d\n", item);
        q.task_done();
    }
}

eddy::coro<> amain() {
    eddy::queue<int> q;
    auto c = eddy::create_task(consumer(q));
    for (int i = 0; i < 5; ++i) {
        co_await q.put(i);
    }
    co_await q.join();
    c.cancel();
    (void)co_await eddy::as_result(c); // q outlives the consumer
}

int main() {
    eddy::run(amain());
}
