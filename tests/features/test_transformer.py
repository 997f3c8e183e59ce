import copy
import inspect
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks, get_tags

from features.cohorts import event
from features.comparison import assert_identical
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS, GRADES, Cohort
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    Change,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
)
from icans_risk.features.transformer import WindowedFeatures

IDS = [f"e{number:02d}" for number in range(30)]
LAST_FOLD = IDS[20:]
SPECIFICATION = FeatureSpecification(
    (Window("baseline", "infusion", None, 0), Window("early", "infusion", 0, 48)),
    (Measurement("plasma.*", ("early",), ("last", "max")),),
    static=("age_years", "product"),
    scores=(ScoreChoice("s_easix", ("early",)),),
    changes=(Change("plasma.crp", ("baseline", "early"), ("difference",)),),
)


def make_trial():
    """Thirty episodes; one product and one analyte exist only in the last ten."""
    chance = np.random.default_rng(7)
    product = np.where(chance.random(30) < 0.5, "axi-cel", "tisa-cel").astype(object)
    product[-1] = "brand-new-cel"
    episodes = pd.DataFrame(
        {
            "episode_id": IDS,
            "patient_id": IDS,
            "followed_until_h": 500.0,
            "age_years": chance.integers(20, 80, 30).astype(float),
            "product": product,
        }
    )
    rows = [
        event(f"plasma.{name}", hour, chance.lognormal(3), episode_id=episode)
        for episode in IDS
        for name in ("crp", "ldh", "platelets")
        for hour in (-10.0, 6.0, 20.0, 30.0)
        if chance.random() < 0.8
    ]
    rows += [event("plasma.nfl", 5.0, 9.0, episode_id=episode) for episode in LAST_FOLD]
    events = pd.DataFrame(rows, columns=list(EVENTS))
    return Cohort(episodes, events, pd.DataFrame(columns=list(GRADES)))


COHORT = make_trial()
X = COHORT.episodes[["episode_id"]]
Y = np.arange(30) % 3 == 0


def make_features(**change):
    return WindowedFeatures(**({"cohort": COHORT, "specification": SPECIFICATION,
                                "landmark_h": 24.0} | change))  # fmt: skip


def vectors_of(ids, landmark=24.0, fitted_on=IDS):
    """The long way."""
    train = COHORT.episodes["episode_id"].isin(fitted_on)
    events = COHORT.events[COHORT.events["episode_id"].isin(fitted_on)]
    fitted = SPECIFICATION.fit(Cohort(COHORT.episodes[train], events, COHORT.grades))
    vectors = build_features(COHORT, fitted, [landmark]).droplevel("landmark_h")
    return vectors.loc[ids]


def test_the_vectors_are_those_of_build_features_bit_for_bit_in_the_order_asked_for():
    ids = ["e05", "e29", "e00", "e05"]

    found = make_features().fit(X).transform(pd.DataFrame({"episode_id": ids}, index=list("abcd")))

    assert list(found.index) == list("abcd")
    assert found.to_numpy().dtype == np.float32
    assert_identical(found.set_axis(ids), vectors_of(ids).rename_axis(None))


def test_nothing_is_learnt_from_episodes_that_were_not_fitted():
    train = IDS[:20]

    features = make_features().fit(train)

    names = list(features.get_feature_names_out())
    assert names == list(vectors_of(IDS, fitted_on=train).columns)
    assert not [name for name in names if "nfl" in name or "brand-new" in name]
    assert [name for name in make_features().fit(X).get_feature_names_out() if "nfl" in name]
    last = features.transform(["e29"])
    assert last[[name for name in names if name.startswith("static.product")]].eq(0).all(axis=None)
    assert_identical(
        features.transform(LAST_FOLD).set_axis(LAST_FOLD),
        vectors_of(LAST_FOLD, fitted_on=train).rename_axis(None),
    )


@pytest.mark.parametrize(
    "ids",
    [
        IDS,
        np.array(IDS),
        np.array(IDS)[:, np.newaxis],
        pd.Series(IDS),
        pd.Series(IDS, dtype="str", name="episode_id"),
        X,
    ],
    ids=["list", "array", "column", "objects", "strings", "frame"],
)
def test_any_column_of_identifiers_will_do(ids):
    features = make_features()

    found = features.fit(ids).transform(ids)

    assert_identical(found, make_features().fit_transform(X))
    assert features.n_features_in_ == 1


def test_the_outcome_given_to_fit_is_not_looked_at():
    expected = make_features().fit(X).transform(X)

    assert_identical(make_features().fit(X, Y).transform(X), expected)
    assert_identical(make_features().fit(X, "no outcome").transform(X), expected)
    assert list(inspect.signature(WindowedFeatures).parameters) == [
        "cohort", "specification", "landmark_h", "catalogue",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_unknown_identifiers_are_counted_and_not_repeated(method):
    features = make_features().fit(X)

    with pytest.raises(StudyError, match="which has 30; got 3, 2 of them not among these") as error:
        getattr(features, method)(pd.DataFrame({"episode_id": ["Jane Doe", "e01", None]}))
    assert "Jane" not in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "shape"),
    [
        (COHORT.episodes, r"\(30, 5\)"),
        (X.rename(columns={"episode_id": "patient_id"}), r"\(30, 1\)"),
        (np.array([IDS, IDS]), r"\(2, 30\)"),
        ("e01", r"\(\)"),
    ],
)
def test_anything_but_one_column_of_identifiers_is_refused(wrong, shape):
    with pytest.raises(StudyError, match=f"one column of identifiers.*got the shape {shape}"):
        make_features().fit(wrong)


def test_no_episode_at_all_is_refused():
    with pytest.raises(StudyError, match="got 0"):
        make_features().fit([])


def test_before_the_fit_there_are_no_columns():
    for ask in (lambda f: f.transform(X), lambda f: f.get_feature_names_out()):
        with pytest.raises(NotFittedError):
            ask(make_features())


def test_a_specification_that_shows_the_outcome_is_refused():
    drug = Measurement("treatment.tocilizumab", ("early",), ("max",))
    leaking = FeatureSpecification(SPECIFICATION.windows, (drug,))

    with pytest.raises(LeakageError, match="response to the outcome"):
        make_features(specification=leaking).fit(X).transform(X)


def test_a_clone_is_unfitted_and_shares_the_cohort_instead_of_copying_it():
    features = make_features(catalogue=load_catalogue()).set_output(transform="polars").fit(X)

    twin = clone(features)

    assert twin.cohort is COHORT
    assert twin.specification is SPECIFICATION
    assert twin.catalogue is features.catalogue
    assert not hasattr(twin, "specification_")
    assert features.specification_
    # What set_output chose goes with it, and one of the two can choose anew.
    assert type(twin.fit(X).transform(X)).__module__.startswith("polars")
    twin.set_output(transform="pandas")
    assert features._sklearn_output_config != twin._sklearn_output_config


def test_a_deep_copy_would_copy_the_cohort():
    # Should this fail one day, a clone need no longer be told to share.
    assert copy.deepcopy(COHORT).events is not COHORT.events


def test_the_container_that_set_output_asks_for_comes():
    pandas = make_features().set_output(transform="pandas").fit(X).transform(X)
    polars = make_features().set_output(transform="polars").fit(X).transform(X)

    assert_identical(pandas, make_features().fit_transform(X))
    assert polars.columns == list(pandas.columns)
    np.testing.assert_array_equal(polars.to_numpy(), pandas.to_numpy())


def make_model():
    return make_pipeline(make_features(), SimpleImputer(), LogisticRegression(max_iter=2000))


def test_cross_validation_gives_what_fitting_each_fold_by_hand_gives():
    folds = GroupKFold(3)
    groups = np.repeat([0, 1, 2], 10)

    found = cross_val_predict(make_model(), X, Y, groups=groups, cv=folds, method="predict_proba")[
        :, 1
    ]

    for train, test in folds.split(X, Y, groups):
        ids = [IDS[number] for number in train]
        model = make_pipeline(SimpleImputer(), LogisticRegression(max_iter=2000))
        model.fit(vectors_of(ids, fitted_on=ids), Y[train])
        held_out = vectors_of([IDS[number] for number in test], fitted_on=ids)
        np.testing.assert_array_equal(found[test], model.predict_proba(held_out)[:, 1])


def test_a_search_may_choose_the_landmark():
    grid = {"windowedfeatures__landmark_h": [10.0, 24.0]}

    search = GridSearchCV(make_model(), grid, cv=3, scoring="neg_log_loss").fit(X, Y)

    best = search.best_params_["windowedfeatures__landmark_h"]
    step = search.best_estimator_[0]
    assert step.landmark_h == best
    assert_identical(
        step.transform(X).set_axis(IDS), vectors_of(IDS, landmark=best).rename_axis(None)
    )
    assert len(set(search.cv_results_["mean_test_score"])) == 2


def test_a_column_transformer_hands_it_its_column():
    table = X.assign(other=1.0)
    split = ColumnTransformer(
        [("windows", make_features(), ["episode_id"])], verbose_feature_names_out=False
    ).set_output(transform="pandas")

    assert_identical(split.fit_transform(table), make_features().fit_transform(X))


def test_its_tags_say_what_it_takes():
    tags = get_tags(make_features())

    taken = tags.input_tags
    assert (taken.two_d_array, taken.one_d_array) == (False, True)
    assert (taken.string, taken.categorical) == (True, True)
    assert (taken.sparse, taken.allow_nan, taken.pairwise) == (False, False, False)
    assert tags.requires_fit
    assert not tags.no_validation
    assert tags.transformer_tags.preserves_dtype == []


def _applicable_checks():
    """What ``parametrize_with_checks`` would run, and what it leaves out without good reason.

    It runs one check, and warns that it has no identifiers to offer for the others; these are
    the ones of them that offer nothing. What they ask of data is asked above of identifiers.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        yielded = list(estimator_checks.estimator_checks_generator(make_features()))
    yield from (check for _, check in yielded)
    for name in (
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_set_params",
        "check_valid_tag_types",
    ):
        yield lambda estimator, name=name: getattr(estimator_checks, name)(
            "WindowedFeatures", estimator
        )


@pytest.mark.parametrize("check", list(_applicable_checks()))
def test_scikit_learn_takes_it_for_an_estimator(check):
    check(make_features())


def test_scikit_learn_has_no_identifiers_to_offer():
    with pytest.warns(SkipTestWarning, match="Can't test estimator WindowedFeatures"):
        yielded = list(estimator_checks.estimator_checks_generator(make_features()))

    assert len(yielded) == 1
