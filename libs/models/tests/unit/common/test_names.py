from __future__ import annotations

from ropewalk.models.common.names import hint


def test_tells_the_nearest_name_or_the_first_twenty() -> None:
    assert hint("dep_huor", ["carrier", "dep_hour"]) == "did you mean 'dep_hour'?"
    assert hint("carrier", ["arr_time"]) == "there are: arr_time"
    assert hint("x", ["carrier", 7]) == "there are: carrier, 7"
    assert hint("x", [f"column_{number}" for number in range(30)]).count("column_") == 20
    assert hint("x", []) == "there are: none"
