"""Workshop "Warm Days": how many days were warmer than 20 °C?"""

TEMPERATURES = [18.5, 21.0, 19.5, 24.5]


def count_warm_days(temperatures, limit=20):
    return sum(temperature > limit for temperature in temperatures)


if __name__ == "__main__":
    print(count_warm_days(TEMPERATURES))
