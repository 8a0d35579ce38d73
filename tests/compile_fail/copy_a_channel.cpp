// copy_a_channel.cpp — a channel stays where it is: its operations refer to it.
//
// Expect: deleted

#include <eddy/eddy.hpp>

int main() {
    eddy::channel<int> c(1);
#ifdef EDDY_MISUSE
    eddy::channel<int> other = c;
#else
    eddy::channel<int>& other = c;
#endif
    other.close();
}
