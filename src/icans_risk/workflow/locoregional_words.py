"""What the page on delivery routes says; the numbers are filled in."""

__all__ = ["PAGE"]

PAGE = """\
<!-- Generated: do not edit. `python docs/make_locoregional.py` writes it anew. -->

# How firm is "an over 60 % lower incidence"? One meta-analysis, worked through again

A meta-analysis of CAR T-cells against high-grade glioma [1] reports that delivery into the tumour,
its cavity or the CSF went with an over 60 % lower incidence of severe adverse events than delivery
by vein: rate ratio {ratio[value]:.2f}, 95 % interval {ratio[low]:.2f} to {ratio[high]:.2f}, in a
fixed-effect model. Its random-effects model "did not yield statistically significant results"; the
estimate is not printed in the text. This page transcribes its Table 1 and computes both, and what
lies between them, with the functions of `icans_risk.evidence.pooling`.

**The events are adverse events of grade 3 and above of any kind, several per patient. They are not
ICANS, and nothing on this page enters a predicted risk of ICANS.**

## In short

The ratio of the counts is right, and its interval is not what the trials can bear. It takes each of
{local[events]} and {systemic[events]} events as independent of every other. The counts vary between
trials {factor} times as much as that would allow, one trial has 86 of the {systemic[events]} events
by vein, and without that trial nothing is left of the difference: {goff}. Once each trial may have
a rate of its own the ratio is {own_mixed}: a third of the events, as many, or several times as
many. "Lower in these trials, mostly because of one of them; what the route itself does is not known
from them" is as much as the table supports.

## The table

{trials}

Transcribed from Table 1 of [1], CC BY 4.0; "again in" and "each" (events per patient) are ours.
Data: [`locoregional.yaml`](../src/icans_risk/evidence/tables/locoregional.yaml).

![Events per patient by trial](locoregional_forest.png)

## What does not fit together

- **107 or {table_patients} patients.** The text counts {local[events]} events in {local[patients]}
  patients, {text_rate} each, in seven trials. The nine rows under local delivery add up to the same
  events in {table_patients} patients, {table_rate} each. Two of the nine are earlier reports of
  trials that stand in the table again (NCT02208362 and NCT04185038), with one and four patients and
  no event; without them there are seven trials and 107 patients. That is our reading: the text does
  not give it. The total of 194 patients counts them.
- **The combined trials.** The methods group trials with delivery by both routes with the local
  ones. The {local[events]} events leave them out: with their 23 there would be 101. Their events
  cannot be split by route from the table; in one of the two, the severe ones are described as
  following delivery by vein.
- **58 or 65 patients.** The discussion speaks of 58 patients in the largest local trial, the table
  has 65 treated.
- **Conditioning.** The text gives lymphodepletion for 47 % of the patients by vein and none of the
  local ones. The table has it in two of five trials by vein, 29 of 63 patients (46 %), and in both
  combined trials, which the methods count as local.
- **The lower end.** From the counts the interval is {own_fixed}; the text prints {ratio[low]:.2f}
  to {ratio[high]:.2f}.

## All readings

Rate ratio of severe adverse events, local over by vein, with its 95 % interval:

{readings}

The first model is the published one. The others ask only that trials differ: the second stretches
the interval by the spread that is found, a factor of {wider}; the third and fourth let each trial
have a rate of its own, so that a trial with many events per patient counts as one trial. They
estimate different things, the ratio for the average patient of these trials and for the median
trial, and disagree here because the trials are so uneven. Under all readings the fixed ratio goes
from {fixed_range}, the mixed one from {mixed_range}. Intervals of the second and fourth take a t
distribution, with two degrees of freedom less than trials.

**Dispersion.** Pearson's chi-squared is {factor} times its degrees of freedom; 1 would be chance.
The mixed model puts the standard deviation between trials of one route at {tau} on the logarithm:
of the middle 95 % of such trials, the highest would have {apart} times the rate of the lowest, with
the same route.

## Leave one out

{left_out}

![The ratio without each trial](locoregional_leave_one_out.png)

Two trials decide. **Goff 2019** has 86 of the 117 events by vein in 18 of the 63 patients,
{goff_rate} each, after lymphodepletion; how many of the 86 are cytopenias from that chemotherapy
the table does not say. Without it the ratio is {goff}, in the mixed model {goff_mixed}. **Brown
2024** has 65 of the 107 local patients at a low rate; without it the ratio is {brown}. Without
both, local delivery has {neither} times the rate. Without any other trial the fixed ratio goes from
{rest}.

## The same patients by both routes

The strongest evidence in the paper is one trial (NCT04196413, GD2, diffuse midline glioma) in which
patients had cells by vein first and into the ventricles afterwards. Toxicity weighted by grade,
CRS, ICANS and TIAN together, per infusion, by vein over into the ventricles:

| dose by vein | patients | ratio, as published |
|---|---|---|
| level 1, 1e6 per kg | 3 | {level_1} |
| level 2, 3e6 per kg | 8 | {level_2} |

No ICANS followed delivery into the ventricles (9 patients; if it happened in every fourth, nine
without would be seen 7.5 % of the time). Route is not all that differs:

- **Dose.** By vein 1 or 3 million cells per kg, into the ventricles 10 to 30 million in all. For a
  patient of 40 kg (our arithmetic) that is 40 or 120 million by vein: more than the largest dose
  into the ventricles at either level.
- **Order.** By vein always came first; into the ventricles came later, after the inflammation that
  the first had caused.
- **Who went on.** 11 patients had cells by vein and 9 into the ventricles. Whoever did badly after
  the first is less likely to have had the second; by what rule is not in the text in hand.
- **The weights.** A sum of grades is not a count: one event of grade 4 is not four events. If the
  intervals treat it as one, as their width suggests, they are too narrow. The paper's supplement
  and the grades themselves were not in hand, so nothing is computed anew here.

## What may be said

In the trials of this table, severe adverse events per patient were about 60 % fewer with local
delivery. The figure compares different patients, targets, conditioning, numbers of infusions and
years; it rests on one trial by vein with 74 % of that route's events; its interval takes events in
one patient as independent; and with a rate for each trial the ratio is {own_mixed}, or {once_mixed}
with each trial counted once and combined delivery as local. The paper says itself that the finding
is exploratory and that the antigen is a possible confounder. A route effect is plausible and the
matched trial points the same way, for ICANS too, with dose and order mixed in. The size of it is
not known: neither 60 % nor the interval around it should be used to plan a trial or to lower
anybody's predicted risk.

## References

1. Ramsoomair CK, Daftari M, Benchouia R, et al. Locoregional delivery of CAR T cells in high-grade
   gliomas: a systematic analysis of safety, efficacy, and emerging biomarkers of response. J
   Immunother Cancer 2026;14:e014450. doi:10.1136/jitc-2025-014450
2. Monje M, Mahdi J, Majzner R, et al. Intravenous and intracranial GD2-CAR T cells for H3K27M+
   diffuse midline gliomas. Nature 2025;637:708-715.
3. Stijnen T, Hamza TH, Oezdemir P. Random effects meta-analysis of event outcome in the framework
   of the generalized linear mixed model with applications in sparse data. Stat Med
   2010;29:3046-3067. doi:10.1002/sim.4040
"""
