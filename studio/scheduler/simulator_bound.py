"""A lower bound on load seconds for jobs served in order on one device: a linear program.

Between two uses of an instance it may be kept in part; whatever is not kept is loaded again. At
every job the parts that are kept, the job's own instance and its run fit into memory. Any real
policy that serves in this order is a feasible point, so none loads for less.
"""

from studio.scheduler.simulator_traces import Trace


def compute_bound(trace: Trace) -> float:
    """Return load seconds no in-order policy can beat. Needs scipy (extra `bench`)."""
    from scipy.optimize import linprog  # a second to import: only when the bound is asked for
    from scipy.sparse import csr_matrix

    jobs = [job for _, job in trace.arrivals]
    last: dict[str, int] = {}
    intervals: list[tuple[int, int, str]] = []
    total = 0.0
    for place, job in enumerate(jobs):
        total += trace.truth[job.shape].load_seconds
        if job.resident in last:
            intervals.append((last[job.resident], place, job.resident))
        last[job.resident] = place
    gains = [-trace.truth[name].load_seconds for _, _, name in intervals]
    rows, columns, values = list[int](), list[int](), list[float]()
    for column, (start, end, name) in enumerate(intervals):
        for place in range(start + 1, end):
            rows.append(place)
            columns.append(column)
            values.append(trace.truth[name].weights / trace.capacity)
    room = [1 - trace.truth[job.shape].get_total(job.seeds) / trace.capacity for job in jobs]
    matrix = csr_matrix((values, (rows, columns)), shape=(len(jobs), len(intervals)))
    found = linprog(gains, A_ub=matrix, b_ub=room, bounds=(0, 1), method="highs")
    return total + float(found.fun)
