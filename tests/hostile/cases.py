"""What each misbehaviour must come to: the job's status, and words of its error.

DEAD: the worker ended. FAILED: the job did. DONE: harmless, or it came after every seed had been
answered, and what was answered is kept. CANCELLED: it hangs until the user loses patience.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    status: str
    words: str = ""
    generator: str = "hostile.any"
    kernel: bool = False  # only the kernel's Landlock prevents it


def failed(words, **more):
    return Case("failed", words, **more)


def dead(words, **more):
    return Case("dead", words, **more)


DONE = Case("done")
CANCELLED = Case("cancelled")
OPEN_SEED = "answered a seed that was not open"
STEPS = "of 1000000000000000000000000000000 steps"
ONLY_SCRATCH = "a plugin may write only in its job's scratch folder"
IN_SCRATCH = "it must write its files in the job's scratch folder"

CASES = {
    "raise": failed("ValueError: a bug with {braces} %s"),
    "raise_base": failed("Worse: a message that cannot be read"),
    "raise_unreadable": failed("Unreadable: a message that cannot be read"),
    "raise_tampered": failed("Tampered"),
    "raise_stop": failed("StopIteration"),
    "raise_exit_object": failed("called sys.exit(a value that cannot be shown"),
    "raise_generator_exit": failed("GeneratorExit"),
    "raise_interrupt": failed("KeyboardInterrupt"),
    "raise_cancel": failed("not asked for"),
    "raise_group": failed("BaseExceptionGroup"),
    "raise_long": failed("ValueError: xxx"),
    "raise_values": failed("xxx"),
    "raise_template": failed("{nothing.here}"),
    "raise_chain": failed("Chained"),
    "raise_cycle": failed("ValueError: first"),
    "raise_after": DONE,
    "recurse": failed("RecursionError"),
    "memory": failed("ask for a smaller size", generator="hostile.starved"),
    "disk_full": failed("no space left on the disk"),
    "sys_exit": failed("called sys.exit(3)"),
    "too_few": failed("fewer results than the 1 seeds"),
    "too_many": DONE,
    "endless": DONE,
    "no_iterator": failed("'int' object is not iterable", generator="hostile.no_iterator"),
    "odd_iterator": Case("done", generator="hostile.odd_iterator"),
    "unloadable": failed("weights are damaged", generator="hostile.unloadable"),
    "crashing_load": dead("exit status 6", generator="hostile.crashing_load"),
    "answer_text": failed("yielded 'a text'"),
    "answer_none": failed("yielded None"),
    "answer_empty": failed("yielded []"),
    "answer_unshown": failed("sys.exit(9)"),
    "answer_kind": failed("it must yield an Artifact"),
    "answer_other_kind": failed(""),
    "answer_broken_picture": failed(""),
    "answer_huge_picture": failed(""),
    "answer_metric": failed(""),
    "answer_metrics_odd": DONE,
    "answer_nan": DONE,
    "answer_info": failed("`info` must be plain JSON"),
    "answer_info_cycle": failed("`info` must be plain JSON"),
    "answer_info_deep": failed("`info` must be plain JSON"),
    "answer_info_long": failed("write that much to a file"),
    "answer_info_surrogate": failed(""),
    "answer_title": failed("title"),
    "answer_title_long": failed("write that much to a file"),
    "answer_title_odd": DONE,
    "answer_many": failed("write that much to a file"),
    "missing_file": failed("which is not there"),
    "folder_file": failed("which is not there"),
    "pipe_file": failed("which is not there"),
    "outside_file": failed(IN_SCRATCH),
    "dotted_file": failed(IN_SCRATCH),
    "link_file": failed(IN_SCRATCH),
    "link_database": failed(IN_SCRATCH),
    "hard_link_input": failed(""),
    "swap_file": failed(""),
    "write_outside": failed(ONLY_SCRATCH),
    "write_in_c": failed("C could not open it either", kernel=True),
    "write_in_child": failed("a child could not write it either", kernel=True),
    "write_through_link": failed(ONLY_SCRATCH),
    "write_home": failed(ONLY_SCRATCH),
    "remove_database": failed(ONLY_SCRATCH),
    "remove_library": failed(ONLY_SCRATCH),
    "rename_library": failed(ONLY_SCRATCH),
    "spoil_input": failed(ONLY_SCRATCH),
    "spoil_input_in_c": failed("C could not open it either", kernel=True),
    "clutter_scratch": DONE,
    "empty_scratch": DONE,
    "speak_nonsense": dead("wrote what is no message: b'no json'"),
    "speak_binary": dead("wrote what is no message"),
    "speak_long": dead("the worker wrote "),  # a heartbeat may come in between
    "speak_array": dead("wrote what is no message: b'[1, 2]'"),
    "forge_done": dead("said it was done and had left out 1 seeds"),
    "forge_exited": dead("said that it had exited, and had not"),
    "forge_hello": dead("said hello twice"),
    "forge_other_job": dead("spoke of a job it was not given: '01abc'"),
    "forge_failed_other": dead("spoke of a job it was not given: '01abc'"),
    "forge_position": dead(OPEN_SEED),
    "forge_seed": dead(OPEN_SEED),
    "forge_file": dead("named a file outside the job's scratch folder"),
    "forge_link": dead("named a file outside the job's scratch folder"),
    "forge_twice": DONE,
    "forge_preview": dead("named a file outside the job's scratch folder"),
    "forge_progress": dead(""),
    "forge_memory": failed("ask for a smaller size", generator="hostile.boasting"),
    "close_pipes": dead(""),
    "close_all": dead(""),
    "close_streams": DONE,
    "read_orders": DONE,
    "os_exit": dead("ended by itself with exit status 0"),
    "os_exit_late": dead("exit status 4"),
    "abort": dead("SIGABRT"),
    "segfault": dead("SIGSEGV"),
    "illegal": dead("SIGILL"),
    "kill_self": dead("SIGKILL"),
    "kill_group": dead("SIGKILL"),
    "kill_all": failed("a plugin may signal only its own processes"),
    "kill_host": failed("a plugin may signal only its own processes"),
    "kill_host_in_c": failed("C could not signal it either", kernel=True),
    "kill_guard": failed("a plugin may signal only its own processes"),
    "kill_guard_in_c": failed("C could not signal it either", kernel=True),
    "kill_siblings": failed("Operation not permitted", kernel=True),
    "exec": dead("exit status 0"),
    "exec_lasting": dead("ended the conversation"),
    "setsid": DONE,
    "fork_and_return": DONE,
    "fork_and_talk": dead("no message: b'me too'"),
    "fork_bomb": dead("started more than 40 processes"),
    "daemon": DONE,
    "daemon_and_die": dead("exit status 5"),
    "children_and_crash": dead("SIGSEGV"),
    "thread_crash": DONE,
    "thread_forever": DONE,
    "spin": CANCELLED,
    "sleep_on": CANCELLED,
    "ignore_cancel": CANCELLED,
    "hold_gil": dead("gave no sign of life"),
    "stop_self": dead("gave no sign of life"),
    "leak": failed("ask for a smaller size", generator="hostile.leaking"),
    "leak_in_children": failed("ask for a smaller size", generator="hostile.breeding"),
    "hoard_files": failed("Too many open files"),
    "print_flood": DONE,
    "change_all": DONE,
    "patch_json": DONE,
    "trace_all": failed("ValueError: traced"),
    "alarm": DONE,
    "narrow": DONE,
    "exit_hook": DONE,
    "warn": DONE,
    "temporary": DONE,
    "listen": DONE,
    "seed_random": DONE,
}
