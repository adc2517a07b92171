"""The tests that every flow passes."""

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.errors import FeatureError


class FeatureFlowContract(ABC):
    """Inherit this in a test class of your own flow, and pytest runs all of it.

    Examples
    --------
    A test of a flow then reads::

        class TestMyFlow(FeatureFlowContract):
            def make_flow(self): return MyFlow(...)
            def make_data(self): return pd.DataFrame({"distance": [187.0, None, 2475.0]})
    """

    @abstractmethod
    def make_flow(self) -> FeatureFlow:
        """Make the flow, not fitted."""

    @abstractmethod
    def make_data(self) -> pd.DataFrame:
        """Make at least three rows that the flow can be fitted on, some values missing."""

    def _fitted(self) -> FeatureFlow:
        return self.make_flow().fit(self.make_data())

    def _transformed(self, data: pd.DataFrame) -> NDArray[np.float64]:
        return self._fitted().transform(data)

    def test_gives_a_row_of_float64_for_each_row(self) -> None:
        """No row comes or goes, whatever is missing."""
        data = self.make_data()

        built = self._transformed(data)

        assert isinstance(built, np.ndarray)
        assert built.dtype == np.float64
        assert built.shape[0] == len(data)

    def test_names_each_column_once(self) -> None:
        """There are as many names as columns, all different, all text."""
        flow = self._fitted()

        names = list(flow.get_feature_names_out())

        assert len(names) == flow.transform(self.make_data()).shape[1]
        assert len(set(names)) == len(names)
        assert all(isinstance(name, str) for name in names)

    def test_pandas_output_equals_numpy_output(self) -> None:
        """The container is all that differs; a frame keeps the index."""
        data = self.make_data()
        data.index = pd.Index(range(100, 100 + len(data)))
        flow = self._fitted()
        array = flow.transform(data)

        frame = flow.set_output(transform="pandas").transform(data)

        assert isinstance(frame, pd.DataFrame)
        np.testing.assert_array_equal(frame.to_numpy(), array)
        assert list(frame.columns) == list(flow.get_feature_names_out())
        assert frame.index.equals(data.index)

    def test_leaves_its_input_as_it_is(self) -> None:
        """Neither fitting nor transforming changes the frame."""
        data = self.make_data()

        self.make_flow().fit(data).transform(data)

        pd.testing.assert_frame_equal(data, self.make_data())

    def test_gives_the_same_each_time(self) -> None:
        """Twice fitted on the same rows, and twice transformed."""
        data = self.make_data()
        flow = self._fitted()

        once = flow.transform(data)

        np.testing.assert_array_equal(flow.transform(data), once)
        np.testing.assert_array_equal(clone(flow).fit(data).transform(data), once)

    def test_a_row_alone_gives_what_it_gives_in_a_batch(self) -> None:
        """The rows beside it don't matter once the flow is fitted."""
        data = self.make_data()
        flow = self._fitted()

        alone = [flow.transform(data.iloc[[number]]) for number in range(len(data))]

        np.testing.assert_array_equal(np.vstack(alone), flow.transform(data))

    def test_its_form_for_single_rows_gives_the_same(self) -> None:
        """If it has one."""
        data = self.make_data()
        flow = self._fitted()

        build = flow.compile_row()

        if build is not None:
            for row, expected in zip(data.to_dict("records"), flow.transform(data), strict=True):
                plain = {
                    str(name): None if pd.isna(value) else value for name, value in row.items()
                }
                np.testing.assert_array_equal(build(plain), expected)

    def test_finds_its_columns_by_name(self) -> None:
        """In any order, and among others."""
        data = self.make_data()
        other = data[data.columns[::-1]].assign(not_seen_while_fitting=1.0)

        np.testing.assert_array_equal(self._transformed(other), self._transformed(data))

    def test_names_a_column_that_is_missing(self) -> None:
        """In one line."""
        data = self.make_data()
        gone = str(data.columns[0])
        without = data.drop(columns=gone).assign(not_seen_while_fitting=1.0)

        message = ""
        try:
            self._transformed(without)
        except FeatureError as error:
            message = str(error)

        assert f"'{gone}'" in message
        assert "\n" not in message

    def test_accounts_for_each_column(self) -> None:
        """Each column that came in has a line that says what was done and why."""
        account = self._fitted().account_

        assert {str(name) for name in self.make_data()} <= {row["column"] for row in account}
        assert {row["action"] for row in account} <= {"kept", "changed", "dropped"}
        assert all(row["reason"] for row in account)
