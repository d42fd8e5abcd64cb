#include <stdio.h>
#ifdef X
# define Y 1
#endif
typedef struct point { double x, y; } point_t;
static inline uint32_t f(const char *restrict s, size_t n) { return *s ? (uint32_t)n : 0xFFul; }
int main(void)
{
    /* text */ int a[] = {[0] = 1, 'x', '\0', 017, 1.5e3}; _Bool b = a[0] << 2 != 3;
    printf("%d\n" "%5.2f", a[0], 1.0); // end
label:
    if (b) goto label; else return sizeof(struct point);
}
