// broadcast_what_cannot_be_copied.cpp — every subscriber gets a copy.
//
// Expect: constraints not satisfied|announceable

#include <eddy/eddy.hpp>

#include <memory>

int main() {
#ifdef EDDY_MISUSE
    eddy::broadcast<std::unique_ptr<int>> all(4);
#else
    eddy::broadcast<std::shared_ptr<int>> all(4);
#endif
    all.close();
}
