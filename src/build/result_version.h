/* What results of this program are known by, besides their inputs. */
#pragma once

/* A hash over the sources of notebooks, diagrams and job handlers (tools/result-version.py): 16 hex digits. */
extern const char result_version[];
