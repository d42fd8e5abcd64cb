#include "net/curl_api.h"

#include "os/library.h"

#define CURL_LIBRARY "libcurl.so.4"
#define LOAD(name) *(void **)&api.name = library_symbol(CURL_LIBRARY, "curl_" #name)

const struct curl_api *curl_api(void)
{
    static struct curl_api api;

    if (api.slist_free_all)
        return &api;
    LOAD(easy_init);
    LOAD(easy_cleanup);
    LOAD(easy_reset);
    LOAD(easy_setopt);
    LOAD(easy_getinfo);
    LOAD(easy_perform);
    LOAD(easy_strerror);
    LOAD(multi_init);
    LOAD(multi_cleanup);
    LOAD(multi_setopt);
    LOAD(multi_add_handle);
    LOAD(multi_remove_handle);
    LOAD(multi_socket_action);
    LOAD(multi_assign);
    LOAD(multi_info_read);
    LOAD(slist_append);
    LOAD(slist_free_all);
    return &api;
}
