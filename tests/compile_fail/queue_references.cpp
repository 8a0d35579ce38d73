// queue_references.cpp — a queue holds objects.
//
// Expect: constraints not satisfied|queueable

#include <eddy/eddy.hpp>

int main() {
#ifdef EDDY_MISUSE
    eddy::queue<int&> q;
#else
    eddy::queue<int*> q;
#endif
    return static_cast<int>(q.size());
}
