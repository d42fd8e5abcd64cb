#include <vector> // a comment
#include "own.h"
#if 0
nothing
#endif
#define MAX(a, b) ((a) > (b) ? (a) \
   : (b))
namespace a::b { template <typename T, int N = 3> class Bär final : public Base<T> {
public:
    explicit Bär(std::size_t n) noexcept : n_{n} {}
    virtual ~Bär() = default;
    [[nodiscard]] auto get() const -> const T& { return x; }
private: size_t n_; int32_t y = 0xFFu; double d = 1.5e-3f; char c = '\n'; wchar_t w = L'\u00e4';
}; }
enum class Colour : uint8_t { Red = 1, Green };
/* several
   lines */
int main(int argc, char *argv[]) {
    auto s = R"delim(raw "text")delim"; const char *t = u8"a\x41\"b";
    for (auto &&v : std::vector<int>{1, 2, 3}) if (v <=> 2) goto end;
    switch (argc) { case 1: break; default: throw std::runtime_error("x"); }
end:
    return co_await f([&](int i) mutable { return i * 1'000; });
}
