// postgres_query.cpp — another library's descriptor: libpq asks the server, eddy waits.
//
// Shows:     readable and writable on a descriptor that belongs to a C library.
// Usage:     postgres_query CONNECTION-STRING
// Output:
//   connected
//   the server was asked 10 times at once; the sum is 45

#include <eddy/eddy.hpp>

#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using result = std::unique_ptr<PGresult, decltype(&PQclear)>;

[[noreturn]] void fail(const connection& of) {
    throw std::runtime_error(PQerrorMessage(of.get()));
}

eddy::coro<connection> connect(std::string where) {
    connection made(PQconnectStart(where.c_str()), &PQfinish);
    for (;;) {
        switch (PQconnectPoll(made.get())) {
        case PGRES_POLLING_OK:
            co_return made;
        case PGRES_POLLING_READING:
            co_await eddy::readable(PQsocket(made.get()));
            break;
        case PGRES_POLLING_WRITING:
            co_await eddy::writable(PQsocket(made.get()));
            break;
        default:
            fail(made);
        }
    }
}

eddy::coro<std::string> ask(connection& through, std::string query) {
    if (PQsendQuery(through.get(), query.c_str()) == 0) {
        fail(through);
    }
    while (PQflush(through.get()) == 1) {
        co_await eddy::writable(PQsocket(through.get()));
    }
    std::string answer;
    for (;;) {
        while (PQisBusy(through.get()) != 0) {
            co_await eddy::readable(PQsocket(through.get()));
            if (PQconsumeInput(through.get()) == 0) {
                fail(through);
            }
        }
        const result got(PQgetResult(through.get()), &PQclear);
        if (got == nullptr) {
            co_return answer;
        }
        if (PQresultStatus(got.get()) != PGRES_TUPLES_OK) {
            fail(through);
        }
        answer = PQgetvalue(got.get(), 0, 0);
    }
}

eddy::coro<long> ask_on_a_connection_of_its_own(std::string where, int number) {
    connection mine = co_await connect(std::move(where));
    const std::string query = "select " + std::to_string(number) + " from pg_sleep(0.1)";
    co_return std::atol((co_await ask(mine, query)).c_str());
}

eddy::coro<> amain(std::string where) {
    {
        connection first = co_await connect(where);
        std::puts("connected");
    }
    std::vector<eddy::coro<long>> all;
    for (int i = 0; i != 10; ++i) {
        all.push_back(ask_on_a_connection_of_its_own(where, i));
    }
    long sum = 0;
    for (const long each : co_await eddy::gather(std::move(all))) {
        sum += each;
    }
    std::printf("the server was asked 10 times at once; the sum is %ld\n", sum);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: postgres_query CONNECTION-STRING\n", stderr);
        return 2;
    }
    eddy::run(amain(argv[1]));
}
