// blocking_ends.cpp — threads that run no loop at the ends of a channel and a queue: they block,
// the tasks in the middle do not.
//
// Output:
//     squares: 0 1 4 9 16
//     the queue is closed
//     nothing came within 10 ms
//     refused in a task, which would stop its loop

#include <eddy/eddy.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <thread>

using namespace std::chrono_literals;

void produce(eddy::channel<int>& numbers) {
    for (int i = 0; i != 5; ++i) {
        eddy::blocking::send(numbers, i); // waits while the channel is full
    }
    numbers.close();
}

eddy::coro<> square_all(eddy::channel<int>& numbers, eddy::queue<int>& squares) {
    EDDY_FOR(const int number, numbers) {
        co_await squares.put(number * number);
    }
    squares.shutdown(); // after what is in it
}

void consume(eddy::queue<int>& squares) {
    std::string line = "squares:";
    try {
        for (;;) {
            line += " " + std::to_string(eddy::blocking::get(squares));
        }
    } catch (const eddy::queue_shut_down&) {
        std::puts(line.c_str());
        std::puts("the queue is closed");
    }
}

eddy::coro<> misuse(eddy::channel<int>& numbers) {
    try {
        (void)eddy::blocking::receive(numbers);
    } catch (const eddy::already_running&) { // says: co_await the receive() instead
        std::puts("refused in a task, which would stop its loop");
    }
    co_return;
}

int main() {
    eddy::channel<int> numbers(2);
    eddy::queue<int> squares(2);
    std::thread first(produce, std::ref(numbers));
    std::thread last(consume, std::ref(squares));
    eddy::run(square_all(numbers, squares));
    first.join();
    last.join();

    eddy::channel<int> empty(1);
    try {
        (void)eddy::blocking::receive(empty, 10ms);
    } catch (const eddy::timeout_error&) {
        std::puts("nothing came within 10 ms");
    }
    eddy::run(misuse(empty));
}
