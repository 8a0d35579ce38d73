// chat.cpp — a chat room: what one says is sent to all the others.
//
// Shows:     state shared by connections on several loops, under a lock; writers that others use.
// Output:
//   bob hears: ann came
//   ann hears: bob: hi
//   bob hears: ann: hello
//   ann hears: bob left

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>

#include <cstdio>
#include <map>
#include <string>

namespace {

class room {
public:
    eddy::coro<> tell_others(std::string who, std::string text) {
        const auto held = co_await gate_.acquire();
        for (auto& [name, out] : members_) {
            if (name != who) {
                out->write(text + "\n"); // a member that does not read is not waited for
            }
        }
    }
    eddy::coro<> enter(std::string who, eddy::stream_writer& out) {
        {
            const auto held = co_await gate_.acquire();
            members_[who] = &out;
        }
        co_await tell_others(who, who + " came");
    }
    eddy::coro<> leave(std::string who) {
        {
            const auto held = co_await gate_.acquire();
            members_.erase(who);
        }
        co_await tell_others(who, who + " left");
    }

private:
    eddy::lock gate_;
    std::map<std::string, eddy::stream_writer*> members_;
};

std::string without_newline(std::string line) {
    if (!line.empty() && line.back() == '\n') {
        line.pop_back();
    }
    return line;
}

eddy::coro<> serve(room& in_room, eddy::stream_reader in, eddy::stream_writer out) {
    const std::string name = without_newline(co_await in.readline());
    co_await in_room.enter(name, out);
    out.write("welcome\n");
    for (std::string line = co_await in.readline(); !line.empty(); line = co_await in.readline()) {
        co_await in_room.tell_others(name, name + ": " + without_newline(line));
    }
    co_await in_room.leave(name);
}

struct member {
    std::string name;
    eddy::stream_reader in;
    eddy::stream_writer out;

    eddy::coro<> hear() {
        std::printf("%s hears: %s", name.c_str(), (co_await in.readline()).c_str());
    }
};

eddy::coro<member> join(std::uint16_t port, std::string name) {
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", port);
    out.write(name + "\n");
    (void)co_await in.readline(); // "welcome"
    co_return member{std::move(name), std::move(in), std::move(out)};
}

eddy::coro<> amain() {
    room main_room;
    eddy::server server = co_await eddy::start_server(
        [&](eddy::stream_reader in, eddy::stream_writer out) {
            return serve(main_room, std::move(in), std::move(out));
        },
        "127.0.0.1", 0);
    member bob = co_await join(server.port(), "bob");
    member ann = co_await join(server.port(), "ann");
    co_await bob.hear();
    bob.out.write("hi\n");
    co_await ann.hear();
    ann.out.write("hello\n");
    co_await bob.hear();
    bob.out.close();
    co_await ann.hear();
    ann.out.close();
    (void)co_await server.drain(std::chrono::seconds(10)); // before the room is gone
}

} // namespace

int main() {
    eddy::run(amain());
}
