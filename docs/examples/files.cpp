// files.cpp — reading and writing files on the blocking pool, and watching a folder.
//
// Output:
//     wrote 20 bytes
//     line 1: one
//     line 2: two
//     line 3: three
//     at 4: two
//     open /no/such/file: No such file or directory
//     notes.txt was created

#include <eddy/eddy.hpp>
#include <eddy/os.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

eddy::coro<> amain(std::string folder) {
    eddy::inotify changes;
    changes.watch(folder, IN_CREATE);

    eddy::file notes = co_await eddy::open(folder + "/notes.txt", O_RDWR | O_CREAT);
    co_await notes.write("one\ntwo\nthree\n");
    co_await notes.write("123456");
    co_await notes.fsync();
    std::printf("wrote %ld bytes\n", static_cast<long>(co_await notes.size()));

    eddy::file again = co_await eddy::open(folder + "/notes.txt");
    int number = 0;
    EDDY_FOR(std::string line, again.lines()) {
        if (line.ends_with('\n')) {
            std::printf("line %d: %s", ++number, line.c_str());
        }
    }
    std::printf("at 4: %s\n", (co_await again.pread(3, 4)).c_str());
    co_await notes.close();
    try {
        (void)co_await eddy::open("/no/such/file");
    } catch (const std::system_error& error) {
        std::puts(error.what());
    }
    const auto event = co_await changes.next();
    std::printf("%s was created\n", event->name.c_str());
}

int main() {
    std::string folder = (std::filesystem::temp_directory_path() / "eddy-XXXXXX").string();
    if (::mkdtemp(folder.data()) != nullptr) {
        eddy::run(amain(folder));
        std::filesystem::remove_all(folder);
    }
}
