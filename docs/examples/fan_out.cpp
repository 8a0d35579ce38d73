// fan_out.cpp — one to many: every item to every subscriber (broadcast), the latest value to who
// wants it (watch), one answer to one asker (oneshot).
//
// Output: in any order on several workers
//     first got: start stop
//     second got: start stop
//     speed 3 after 3 changes
//     asked for 20, got 400
// Forced:
//     speed 3 after 3 changes < asked for 20, got 400

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>

eddy::coro<> listen(const char* who, eddy::subscription<std::string> news) {
    std::string heard;
    EDDY_FOR(const auto item, news) {
        heard += " " + item;
    }
    std::printf("%s got:%s\n", who, heard.c_str());
}

eddy::coro<> tell_everybody() {
    eddy::broadcast<std::string> news(8); // who is further behind than that is told so
    auto first = eddy::create_task(listen("first", news.subscribe()));
    auto second = eddy::create_task(listen("second", news.subscribe()));
    news.send("start");
    news.send("stop");
    news.close();
    co_await eddy::gather(first, second);
}

eddy::coro<> follow_the_latest() {
    eddy::watch<int> speed(0);
    auto mine = speed.subscribe();
    for (int changed = 1; changed != 4; ++changed) {
        speed.set(changed); // nobody waits: the last one counts
    }
    const auto latest = co_await mine.changed();
    std::printf("speed %d after 3 changes\n", *latest);
}

struct question {
    int number;
    eddy::oneshot<int>* answer;
};

eddy::coro<> answer_all(eddy::channel<question>& questions) {
    EDDY_FOR(const auto asked, questions) {
        asked.answer->send(asked.number * asked.number);
    }
}

eddy::coro<> ask() {
    eddy::channel<question> questions(1);
    auto server = eddy::create_task(answer_all(questions));
    eddy::oneshot<int> answer;
    co_await questions.send(question{20, &answer});
    const auto got = co_await answer.receive();
    std::printf("asked for 20, got %d\n", *got);
    questions.close();
    co_await server;
}

eddy::coro<> amain() {
    co_await tell_everybody();
    co_await follow_the_latest();
    co_await ask();
}

int main() {
    eddy::run(amain());
}
