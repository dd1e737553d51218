"""How many evaluations of the residuals MINPACK's lmder takes to come within 1e-6 of the least value, from the standard starts.

Written from More, Garbow and Hillstrom (1981) beside the library's own functions; Jacobians by complex steps. Prints the
rows of tests/golden/least_squares.h: python3 tests/golden/least_squares.py >tests/golden/least_squares.h
"""
import numpy as np
from scipy.optimize import leastsq

KOWALIK_Y = np.array([.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246])
KOWALIK_U = np.array([4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625])
BARD = np.array([.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39])
BELL = np.array([.0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989, .3521, .2420, .1295, .0540, .0175, .0044, .0009])
MEYER = np.array([34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872.])
OSBORNE1 = np.array([.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603, .580,
                     .558, .538, .522, .506, .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406])
OSBORNE2 = np.array([1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608, .655, .616, .606, .602,
                     .626, .651, .724, .649, .649, .694, .644, .624, .661, .612, .558, .533, .495, .500, .423, .395, .375,
                     .372, .391, .396, .405, .428, .429, .523, .562, .607, .653, .672, .708, .633, .668, .645, .632, .591,
                     .559, .597, .625, .739, .710, .729, .720, .636, .581, .428, .292, .162, .098, .054])


def absolute(z):
    return np.where(z.real < 0, -z, z)


def watson(x):
    t, j = np.arange(1, 30)[:, None] / 29, np.arange(len(x))
    slope = (j[1:] * x[1:] * t ** (j[1:] - 1)).sum(1)
    return np.r_[slope - (x * t**j).sum(1) ** 2 - 1, x[0], x[1] - x[0] ** 2 - 1]


def chebyquad(x):
    t, r = [np.ones_like(x), 2 * x - 1], []
    for i in range(1, len(x) + 1):
        if i > 1:
            t.append(2 * (2 * x - 1) * t[-1] - t[-2])
        r.append(t[i].mean() - (0 if i % 2 else -1 / (i * i - 1)))
    return np.array(r)


def integral(x):
    n = len(x)
    h, t = 1 / (n + 1), np.arange(1, n + 1) / (n + 1)
    c = (x + t + 1) ** 3
    return np.array([x[i] + h / 2 * ((1 - t[i]) * (t[: i + 1] * c[: i + 1]).sum() + t[i] * ((1 - t[i + 1 :]) * c[i + 1 :]).sum())
                     for i in range(n)])


def banded(x):
    n, near = len(x), x * (1 + x)
    return np.array([x[i] * (2 + 5 * x[i] ** 2) + 1 - sum(near[j] for j in range(max(0, i - 5), min(n, i + 2)) if j != i)
                     for i in range(n)])


def penalty2(x):
    n, a = len(x), np.sqrt(1e-5)
    i = np.arange(2, n + 1)
    e = np.exp(x / 10)
    return np.r_[x[0] - .2, a * (e[1:] + e[:-1] - np.exp(i / 10) - np.exp((i - 1) / 10)), a * (e[1:] - np.exp(-.1)),
                 (np.arange(n, 0, -1) * x**2).sum() - 1]


T10, T13, T20 = np.arange(1, 11) / 10, np.arange(1, 14) / 10, np.arange(1, 21) / 5
I, U = np.arange(1, 11), np.arange(1, 16)
W = np.minimum(U, 16 - U)
GULF = 25 + (-50 * np.log(np.arange(1, 100) / 100)) ** (2 / 3)
DISCRETE = [j / 11 * (j / 11 - 1) for j in range(1, 11)]

PROBLEMS = [
    ("rosenbrock", lambda x: np.r_[10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]], [-1.2, 1], 0),
    ("freudenstein_roth", lambda x: np.array([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1],
                                              -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]]), [.5, -2], 48.98425367924),
    ("powell_badly_scaled", lambda x: np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001]), [0, 1], 0),
    ("brown_badly_scaled", lambda x: np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]), [1, 1], 0),
    ("beale", lambda x: np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** np.arange(1, 4)), [1, 1], 0),
    ("jennrich_sampson", lambda x: 2 + 2 * I - np.exp(I * x[0]) - np.exp(I * x[1]), [.3, .4], 124.362182355615),
    ("bard", lambda x: BARD - x[0] - U / ((16 - U) * x[1] + W * x[2]), [1, 1, 1], 8.2148773065789729e-3),
    ("gaussian", lambda x: x[0] * np.exp(-x[1] * ((8 - U) / 2 - x[2]) ** 2 / 2) - BELL, [.4, 1, 0], 1.1279327696188686e-8),
    ("meyer", lambda x: x[0] * np.exp(x[1] / (45 + 5 * np.arange(1, 17) + x[2])) - MEYER, [.02, 4000, 250], 87.945855170395752),
    ("gulf", lambda x: np.exp(-np.exp(x[2] * np.log(absolute(GULF - x[1]))) / x[0]) - np.arange(1, 100) / 100, [5, 2.5, .15], 0),
    ("box", lambda x: np.exp(-T10 * x[0]) - np.exp(-T10 * x[1]) - x[2] * (np.exp(-T10) - np.exp(-10 * T10)), [0, 10, 20], 0),
    ("powell", lambda x: np.array([x[0] + 10 * x[1], 5**.5 * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2,
                                   10**.5 * (x[0] - x[3]) ** 2]), [3, -1, 0, 1], 0),
    ("wood", lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0], 90**.5 * (x[3] - x[2] ** 2), 1 - x[2],
                                 10**.5 * (x[1] + x[3] - 2), 10**-.5 * (x[1] - x[3])]), [-3, -1, -3, -1], 0),
    ("kowalik_osborne", lambda x: KOWALIK_Y - x[0] * (KOWALIK_U**2 + KOWALIK_U * x[1])
     / (KOWALIK_U**2 + KOWALIK_U * x[2] + x[3]), [.25, .39, .415, .39], 3.0750560384923654e-4),
    ("brown_dennis", lambda x: (x[0] + T20 * x[1] - np.exp(T20)) ** 2 + (x[2] + x[3] * np.sin(T20) - np.cos(T20)) ** 2,
     [25, 5, -5, -1], 85822.201626356),
    ("osborne1", lambda x: OSBORNE1 - x[0] - x[1] * np.exp(-10 * np.arange(33) * x[3]) - x[2] * np.exp(-10 * np.arange(33) * x[4]),
     [.5, 1.5, -1, .01, .02], 5.4648946974822991e-5),
    ("osborne2", lambda x: OSBORNE2 - x[0] * np.exp(-np.arange(65) / 10 * x[4])
     - sum(x[k] * np.exp(-(np.arange(65) / 10 - x[k + 7]) ** 2 * x[k + 4]) for k in (1, 2, 3)),
     [1.3, .65, .65, .7, .6, 3, 5, 7, 2, 4.5, 5.5], 4.0137736293547757e-2),
    ("watson", watson, [0] * 6, 2.2876700535523838e-3),
    ("extended_rosenbrock", lambda x: np.r_[10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]], [-1.2, 1] * 5, 0),
    ("penalty1", lambda x: np.r_[np.sqrt(1e-5) * (x - 1), (x**2).sum() - .25], [1, 2, 3, 4], 2.2499775008735489e-5),
    ("penalty2", penalty2, [.5] * 4, 9.3762930116178653e-6),
    ("variably_dimensioned", lambda x: np.r_[x - 1, (I * (x - 1)).sum(), (I * (x - 1)).sum() ** 2], list(1 - I / 10), 0),
    ("trigonometric", lambda x: 10 - np.cos(x).sum() + I * (1 - np.cos(x)) - np.sin(x), [.1] * 10, 2.7950612187e-5),
    ("brown_almost_linear", lambda x: np.r_[x[:-1] + x.sum() - 11, x.prod() - 1], [.5] * 10, 0),
    ("discrete_boundary", lambda x: 2 * x - np.r_[0, x[:-1]] - np.r_[x[1:], 0] + (x + I / 11 + 1) ** 3 / 242, DISCRETE, 0),
    ("discrete_integral", integral, DISCRETE, 0),
    ("broyden_tridiagonal", lambda x: (3 - 2 * x) * x - np.r_[0, x[:-1]] - 2 * np.r_[x[1:], 0] + 1, [-1] * 10, 0),
    ("broyden_banded", banded, [-1] * 10, 0),
    ("linear_full_rank", lambda x: np.r_[x, np.zeros(5)] - .2 * x.sum() - 1, [1] * 5, 5),
    ("linear_rank1", lambda x: I * (np.arange(1, 6) * x).sum() - 1, [1] * 5, 15 / 7),
    ("linear_rank1_zeros", lambda x: np.r_[0, np.arange(1, 9), 0] * (np.array([0, 2, 3, 4, 0]) * x).sum() - 1, [1] * 5, 62 / 17),
    ("chebyquad", chebyquad, list(np.arange(1, 9) / 9), 3.5168737256779e-3),
]


def count(r, start, least):
    """Evaluations until the value is within reach, and the value and slope at the start."""
    calls = [0, 0]

    def f(x):
        y = r(np.asarray(x))
        calls[0] += 1
        if not calls[1] and y @ y <= least * (1 + 1e-6) + 1e-10:
            calls[1] = calls[0]
        return y

    def jacobian(x):
        x = np.asarray(x, complex)
        return np.array([r(x + 1e-30j * e).imag for e in np.eye(len(x))]).T / 1e-30

    x = np.array(start, float)
    y = r(x)
    leastsq(f, x, Dfun=jacobian, ftol=1e-14, xtol=1e-14, gtol=0, maxfev=4000)
    # SciPy evaluates the start once more than MINPACK, to look at its shape
    return max(calls[1] - 1, 0), y @ y, np.abs(2 * y @ jacobian(x)).max()


for name, r, start, least in PROBLEMS:
    evaluations, value, slope = count(r, start, least)
    print('    { "%s", %d, %.17g, %.17g, %.17g },' % (name, evaluations, least, value, slope))
