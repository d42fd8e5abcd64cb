/* Where the program's own data files are: under the prefix when it is installed, beside the sources when it is not. */
#pragma once

/* The path of a file or folder below the data folder ("templates"); the caller frees it. It need not exist. */
char *data_path(const char *relative);
