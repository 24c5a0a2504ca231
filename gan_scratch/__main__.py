"""python -m gan_scratch: the same as gan-scratch."""
import sys


def main() -> int:
    """Run the command line. It is imported only here, so that Ctrl-C in the second that this takes has an answer
    too."""
    try:
        from gan_scratch import cli
    except KeyboardInterrupt:
        print("gan-scratch: interrupted", file=sys.stderr)
        return 130
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
