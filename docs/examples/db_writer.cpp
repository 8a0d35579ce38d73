// db_writer.cpp — a service that is told to end while it writes, and loses nothing: what it has
// acknowledged is in the file.
//
// Shows:     SIGTERM as something to await, drain, and masked for what must not be cut short.
// Output:
//   SIGTERM came under load
//   nobody refused to end
//   every write that was acknowledged is in the file: yes

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>
#include <eddy/os.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

const std::string path =
    std::filesystem::temp_directory_path() / ("db_writer." + std::to_string(::getpid()));

/// One writer at a time; on the disk before it is acknowledged.
class database {
public:
    explicit database(eddy::file at) : file_(std::move(at)) {}

    eddy::coro<> add(std::string line) {
        const auto held = co_await gate_.acquire();
        co_await file_.write(line);
        co_await file_.fsync();
    }

private:
    eddy::lock gate_;
    eddy::file file_;
};

eddy::coro<> serve(database& into, eddy::stream_reader in, eddy::stream_writer out) {
    for (std::string line = co_await in.readline(); !line.empty(); line = co_await in.readline()) {
        // A cancel waits until it is written, and told.
        co_await eddy::masked([&]() -> eddy::coro<> {
            co_await into.add(line);
            out.write("ok\n");
            co_await out.drain();
        }());
    }
}

/// Writes until the connection ends; gives what was acknowledged.
eddy::coro<std::vector<std::string>> write_lines(std::uint16_t port, int client) {
    auto [in, out] = co_await eddy::open_connection("127.0.0.1", port);
    std::vector<std::string> acknowledged;
    for (int i = 0;; ++i) {
        const std::string line = std::to_string(client) + "/" + std::to_string(i) + "\n";
        out.write(line);
        const auto answer = co_await eddy::as_result(in.readline());
        if (!answer || *answer != "ok\n") {
            co_return acknowledged;
        }
        acknowledged.push_back(line);
        if (client == 0 && i == 20) {
            ::kill(::getpid(), SIGTERM); // as a service manager does
        }
    }
}

eddy::coro<std::set<std::string>> lines_of_the_file() {
    eddy::file written = co_await eddy::open(path);
    std::set<std::string> all;
    EDDY_FOR(std::string line, written.lines()) {
        all.insert(line);
    }
    co_return all;
}

eddy::coro<> amain() {
    database data(co_await eddy::open(path, O_CREAT | O_WRONLY | O_TRUNC));
    eddy::server server = co_await eddy::start_server(
        [&](eddy::stream_reader in, eddy::stream_writer out) {
            return serve(data, std::move(in), std::move(out));
        },
        "127.0.0.1", 0);
    std::vector<eddy::task<std::vector<std::string>>> clients;
    for (int i = 0; i != 8; ++i) {
        clients.push_back(eddy::create_task(write_lines(server.port(), i)));
    }

    (void)co_await eddy::signal(SIGTERM);
    std::puts("SIGTERM came under load");
    const eddy::drain_report end = co_await server.drain(0s); // cancels all at once
    std::puts(end.refused.empty() ? "nobody refused to end" : "somebody refused to end");

    const std::set<std::string> written = co_await lines_of_the_file();
    bool all_there = true;
    for (auto& client : clients) {
        for (const std::string& line : co_await client) {
            all_there = all_there && written.contains(line);
        }
    }
    std::printf("every write that was acknowledged is in the file: %s\n", all_there ? "yes" : "no");
    std::filesystem::remove(path);
}

} // namespace

int main() {
    eddy::block_signals({SIGTERM});
    eddy::run(amain());
}
