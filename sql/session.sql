-- How the files that follow are read: functions may name others that come later (a test validates every body).
set local check_function_bodies = off;
set local client_min_messages = warning;
