"""`python -m gan_scratch.theory`: the table of what each remedy does to the Dirac-GAN."""
from gan_scratch.theory.dirac import dirac_table


def text(eigenvalues) -> str:
    """The pair as −γ/2 ± …, or that there is none."""
    if eigenvalues is None:
        return "not smooth"
    a, b = sorted(eigenvalues, key=lambda z: (z.imag, z.real))
    return f"{a.real:.3f}, {b.real:.3f}" if a.imag == b.imag else f"{a.real + 0:.3f} ± {b.imag:.3f}i"


def main() -> None:
    print("Dirac-GAN from (θ, ψ) = (1, 1), 20 000 steps of 0.1. θ is where G's point is, the data is at 0.\n")
    print(f"{'variant':36}{'eigenvalues':>18}{'final |w|':>12}{'last |θ| ≤':>12}  arrives")
    for row in dirac_table():
        arrives = "yes" if row.converges else "no"
        print(f"{row.name:36}{text(row.eigenvalues):>18}{row.radius:12.3g}{row.theta:12.3g}  {arrives}")


if __name__ == "__main__":
    main()
