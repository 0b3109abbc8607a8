#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fixture.h"
#include "plan/plan.h"

namespace bpfmatrix::plan {
namespace {

using namespace std::chrono_literals;
using spec::Interface;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Expand, cells_are_sorted_by_kernel_loader_program_and_mode) {
  Fixture f;
  f.matrix.kernels = {"k2", "k1"};  // the catalogue's order counts
  f.matrix.loaders = {"*"};
  f.objects.add("a", {"f"});
  f.choose({"a"}, {prog(2), prog(1, "4KiB"), prog(1)});
  EXPECT_THAT(f.ids(), ElementsAre("k1/raw/a/prog_load:1:none", "k1/raw/a/prog_load:1:4096",
                                   "k1/raw/a/prog_load:2:none", "k1/lib/a/prog_load:1:none",
                                   "k1/lib/a/prog_load:1:4096", "k1/lib/a/prog_load:2:none",
                                   "k2/raw/a/prog_load:1:none", "k2/raw/a/prog_load:1:4096",
                                   "k2/raw/a/prog_load:2:none", "k2/lib/a/prog_load:1:none",
                                   "k2/lib/a/prog_load:1:4096", "k2/lib/a/prog_load:2:none"));
}

TEST(Expand, extra_is_part_of_a_cells_id) {
  Fixture f;
  f.objects.add("a", {"f"});
  auto with_extra = prog(1);
  with_extra.extra["attr_size"] = "140";
  f.choose({"a"}, {with_extra, prog(1)});
  EXPECT_THAT(f.ids(),
              ElementsAre("k1/raw/a/prog_load:1:none", "k1/raw/a/prog_load:1:none:attr_size=140"));
}

TEST(Expand, programs_stand_in_the_order_of_the_matrix) {
  Fixture f;
  for (const char* stem : {"a", "b", "c1", "c2"}) f.objects.add(stem, {"f"});
  f.choose({"b"}, {prog(0)});
  f.choose({"c*", "*"}, {prog(0)});
  const auto plan = f.expand();
  ASSERT_TRUE(plan) << plan.error().message;
  std::vector<std::string> ids;
  for (const auto& program : plan->programs) ids.push_back(program.id);
  EXPECT_THAT(ids, ElementsAre("b", "c1", "c2", "a"));
}

TEST(Expand, a_program_of_several_entries_runs_in_all_their_modes_once) {
  Fixture f;
  f.objects.add("a", {"f"});
  f.choose({"a", "*"}, {prog(1), prog(2)});
  f.choose({"a"}, {prog(2), prog(3)});
  EXPECT_THAT(f.ids(), ElementsAre("k1/raw/a/prog_load:1:none", "k1/raw/a/prog_load:2:none",
                                   "k1/raw/a/prog_load:3:none"));
}

TEST(Expand, except_takes_programs_out_of_its_own_entry_only) {
  Fixture f;
  f.objects.add("a1", {"f"});
  f.objects.add("a2", {"f"});
  f.choose({"a*"}, {prog(1)}).except = {"*2"};
  f.choose({"a*"}, {prog(2)});
  EXPECT_THAT(f.ids(), ElementsAre("k1/raw/a1/prog_load:1:none", "k1/raw/a1/prog_load:2:none",
                                   "k1/raw/a2/prog_load:2:none"));
}

TEST(Expand, the_first_cell_limit_stated_counts) {
  Fixture f;
  f.matrix.limits.cell = 4s;
  f.objects.add("a", {"f"});
  f.objects.add("b", {"f"});
  f.choose({"*"}, {prog(1)});
  f.choose({"b"}, {prog(1)}).cell_limit = 60s;
  f.choose({"b"}, {prog(1)}).cell_limit = 90s;
  const auto plan = f.expand();
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->cells.size(), 2u);
  EXPECT_EQ(plan->cells[0].limit, 4s);
  EXPECT_EQ(plan->cells[1].limit, 60s);
}

TEST(Expand, a_path_selects_the_programs_of_that_object) {
  Fixture f;
  f.objects.add("mine", {"f", "g"}).path = "/m/objs/mine.bpf.o";
  f.objects.add("other", {"f"});
  f.choose({"./sub/../objs/mine.bpf.o"}, {prog(0)});
  EXPECT_THAT(f.ids(),
              ElementsAre("k1/raw/mine:f/prog_load:0:none", "k1/raw/mine:g/prog_load:0:none"));
}

TEST(Expand, a_path_starts_at_the_file_it_was_written_in) {
  Fixture f;
  f.objects.add("mine", {"f"}).path = "/up/mine.o";
  f.choose({"mine.o", "/abs/x.o", "mine.o"}, {prog(0)}).place.file = "/up/parent.yaml";
  f.choose({"y.o", "a*"}, {prog(0)}).place.file = "";  // not from a file: the matrix's folder
  EXPECT_THAT(objects_named(f.matrix), ElementsAre("/up/mine.o", "/abs/x.o", "/m/y.o"));
  f.matrix.programs.pop_back();
  f.matrix.programs[0].match = {"mine.o"};
  EXPECT_THAT(f.ids(), ElementsAre("k1/raw/mine/prog_load:0:none"));
}

TEST(Expand, globs_that_match_no_program_are_errors_all_at_once) {
  Fixture f;
  f.objects.add("trivial", {"f"});
  f.choose({"trivail", "x*"}, {prog(0)});
  f.choose({"none.o"}, {prog(0)});
  const auto plan = f.expand();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(plan.error().message,
            "/m/x.yaml:1:5: \"trivail\" matches no program: did you mean \"trivial\"?\n"
            "/m/x.yaml:1:5: \"x*\" matches no program: there are trivial\n"
            "/m/x.yaml:2:5: no program was read from \"/m/none.o\"");
}

TEST(Expand, two_objects_of_one_name_are_refused) {
  Fixture f;
  f.objects.add("a", {"f"}).path = "/x/a.o";
  f.objects.add("a", {"f"}).path = "/y/a.o";
  f.choose({"a"}, {prog(0)});
  const auto plan = f.expand();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(plan.error().message,
            "/m/x.yaml: program \"a\" is both in /x/a.o and in /y/a.o: rename one of the files");
  f.matrix.programs[0].match = {"/y/a.o"};  // only one of them is chosen
  EXPECT_EQ(f.ids().size(), 1u);
}

TEST(Expand, kernels_and_loaders_of_the_matrix_come_behind_the_catalogues) {
  Fixture f;
  f.objects.add("a", {"f"});
  f.choose({"a"}, {prog(0)});
  f.matrix.kernel_entries.push_back({.id = "mine", .source = spec::FileKernel{}});
  f.matrix.loader_entries.push_back(
      {.id = "dev", .kind = "libbpf", .source = spec::CheckoutLibbpf{}});
  f.matrix.kernels = {"mine", "k2"};
  f.matrix.loaders = {"dev", "raw"};
  EXPECT_THAT(f.ids(), ElementsAre("k2/raw/a/prog_load:0:none", "k2/dev/a/prog_load:0:none",
                                   "mine/raw/a/prog_load:0:none", "mine/dev/a/prog_load:0:none"));
}

// --- rulings

std::vector<std::string> rulings(const Fixture& f) {
  std::vector<std::string> texts;
  const auto plan = f.expand();
  EXPECT_TRUE(plan) << plan.error().message;
  for (const auto& cell : plan->cells) {
    const std::string word = cell.ruling == Cell::Ruling::run ? "run"
                             : cell.ruling == Cell::Ruling::filtered
                                 ? "filtered " + cell.ruling_text
                                 : cell.ruling_text.substr(0, cell.ruling_text.find(':'));
    texts.push_back(plan->loaders[cell.loader].id + " " +
                    std::string(spec::name(cell.mode.interface)) + " " + word);
  }
  return texts;
}

const std::vector<spec::LogMode> kAllInterfaces = {mode(Interface::prog_load, 1, "none"),
                                                   mode(Interface::object_load, 1, "none"),
                                                   mode(Interface::btf_load, 1, "none")};

TEST(Rulings, a_plain_program_runs_in_every_way_but_an_object_without_a_library) {
  Fixture f;
  f.matrix.loaders = {"*"};
  f.objects.add("a", {"f"});
  f.choose({"a"}, kAllInterfaces);
  EXPECT_THAT(rulings(f),
              ElementsAre("raw prog_load run", "raw object_load OBJECT_LOAD", "raw btf_load run",
                          "lib prog_load run", "lib object_load run", "lib btf_load run"));
}

TEST(Rulings, relocations_need_the_whole_object) {
  Fixture f;
  f.matrix.loaders = {"*"};
  f.objects.add("a", {"f"}).functions[0].has_relocations = true;
  f.choose({"a"}, kAllInterfaces);
  EXPECT_THAT(rulings(f), ElementsAre("raw prog_load RELOCATIONS", "raw object_load OBJECT_LOAD",
                                      "raw btf_load run", "lib prog_load RELOCATIONS",
                                      "lib object_load run", "lib btf_load run"));
}

TEST(Rulings, attach_targets_need_the_whole_object) {
  Fixture f;
  f.matrix.loaders = {"lib"};
  f.objects.add("a", {"f"}).functions[0].needs_attach_target = true;
  f.choose({"a"}, kAllInterfaces);
  EXPECT_THAT(rulings(f), ElementsAre("lib prog_load ATTACH_TARGET", "lib object_load run",
                                      "lib btf_load run"));
}

TEST(Rulings, an_object_without_btf_has_no_btf_load) {
  Fixture f;
  f.objects.add("a", {"f"}).btf.clear();
  f.choose({"a"}, kAllInterfaces);
  EXPECT_THAT(rulings(f), ElementsAre("raw prog_load run", "raw object_load OBJECT_LOAD",
                                      "raw btf_load NO_BTF"));
}

TEST(Rulings, an_object_without_functions_has_only_its_btf) {
  Fixture f;
  f.matrix.loaders = {"lib"};
  f.objects.add("a", {});
  f.choose({"a"}, kAllInterfaces);
  EXPECT_THAT(rulings(f), ElementsAre("lib prog_load NO_PROGRAM", "lib object_load NO_PROGRAM",
                                      "lib btf_load run"));
}

TEST(Rulings, an_exclusion_filters_what_it_matches_and_nothing_else) {
  Fixture f;
  f.matrix.kernels = {"*"};
  f.matrix.loaders = {"*"};
  f.objects.add("a", {"f"});
  f.objects.add("b", {"f"});
  f.choose({"*"}, {prog(1), prog(2)});
  spec::Exclusion exclusion;
  exclusion.selector.kernels = {"k2"};
  exclusion.selector.loaders = {"l*"};
  exclusion.selector.programs = {"b"};
  exclusion.selector.levels = {2};
  exclusion.reason = "why";
  f.matrix.exclusions = {exclusion};
  const auto plan = f.expand();
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->cells.size(), 16u);
  for (const auto& cell : plan->cells) {
    const bool excluded = plan->id(cell) == "k2/lib/b/prog_load:2:none";
    EXPECT_EQ(cell.ruling, excluded ? Cell::Ruling::filtered : Cell::Ruling::run) << plan->id(cell);
    EXPECT_EQ(cell.ruling_text, excluded ? "why" : "");
  }
}

TEST(Rulings, interface_and_buffer_of_an_exclusion_count) {
  Fixture f;
  f.objects.add("a", {"f"});
  f.choose({"a"}, {prog(1), prog(1, "4KiB"), mode(Interface::btf_load, 1, "none")});
  f.matrix.exclusions.resize(2);
  f.matrix.exclusions[0].selector.interfaces = {Interface::btf_load};
  f.matrix.exclusions[0].reason = "interface";
  f.matrix.exclusions[1].selector.buffers = {*spec::parse_buffer("4KiB")};
  f.matrix.exclusions[1].reason = "buffer";
  EXPECT_THAT(rulings(f), ElementsAre("raw prog_load run", "raw prog_load filtered buffer",
                                      "raw btf_load filtered interface"));
}

TEST(Rulings, the_first_exclusion_gives_the_reason_and_comes_before_other_rulings) {
  Fixture f;
  f.objects.add("a", {"f"}).functions[0].has_relocations = true;
  f.choose({"a"}, {prog(1), prog(2)});
  f.matrix.exclusions.resize(2);
  f.matrix.exclusions[0].selector.levels = {1};
  f.matrix.exclusions[0].reason = "first";
  f.matrix.exclusions[1].selector.levels = {1};
  f.matrix.exclusions[1].reason = "second";
  EXPECT_THAT(rulings(f), ElementsAre("raw prog_load filtered first", "raw prog_load RELOCATIONS"));
}

// --- BTF loads

TEST(BtfLoads, an_object_of_several_functions_has_them_once) {
  Fixture f;
  f.objects.add("pair", {"f", "g"});
  f.choose({"*"}, {prog(0), mode(Interface::btf_load, 1, "none")});
  EXPECT_THAT(f.ids(),
              ElementsAre("k1/raw/pair:f/prog_load:0:none", "k1/raw/pair:f/btf_load:1:none",
                          "k1/raw/pair:g/prog_load:0:none"));
}

TEST(BtfLoads, those_of_all_functions_go_to_the_first_whatever_the_order_of_entries) {
  Fixture f;
  f.objects.add("pair", {"f", "g"});
  f.choose({"pair:g"}, {mode(Interface::btf_load, 2, "none"), prog(0)});
  f.choose({"pair:f"}, {mode(Interface::btf_load, 1, "none")});
  EXPECT_THAT(f.ids(),
              ElementsAre("k1/raw/pair:g/prog_load:0:none", "k1/raw/pair:f/btf_load:1:none",
                          "k1/raw/pair:f/btf_load:2:none"));
}

TEST(BtfLoads, two_objects_have_theirs_each) {
  Fixture f;
  f.objects.add("a", {"f"});
  f.objects.add("b", {"f"});
  f.choose({"*"}, {mode(Interface::btf_load, 1, "none")});
  EXPECT_THAT(f.ids(), ElementsAre("k1/raw/a/btf_load:1:none", "k1/raw/b/btf_load:1:none"));
}

// --- selection

TEST(Selection, each_axis_can_be_narrowed) {
  Fixture f;
  f.matrix.kernels = {"*"};
  f.matrix.loaders = {"*"};
  f.objects.add("a", {"f"});
  f.objects.add("b", {"f"});
  f.choose({"*"}, {prog(1), prog(2)});
  EXPECT_EQ(f.ids().size(), 16u);
  EXPECT_THAT(f.ids({{"*2"}, {"l*"}, {"b"}, {"*:2:*"}}), ElementsAre("k2/lib/b/prog_load:2:none"));
  EXPECT_EQ(f.ids({{"k1", "k2"}, {}, {}, {}}).size(), 16u);
  EXPECT_EQ(f.ids({{}, {"raw"}, {}, {}}).size(), 8u);
}

TEST(Selection, programs_without_a_selected_mode_leave_the_plan) {
  Fixture f;
  f.objects.add("a", {"f"});
  f.objects.add("b", {"f"});
  f.choose({"a"}, {prog(1)});
  f.choose({"b"}, {prog(2)});
  const auto plan = f.expand({{}, {}, {}, {"prog_load:2:none"}});
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->programs.size(), 1u);
  EXPECT_EQ(plan->programs[0].id, "b");
  EXPECT_TRUE(plan->notes.empty());
}

TEST(Selection, what_matches_nothing_gives_an_empty_plan_and_a_note) {
  Fixture f;
  f.objects.add("trivial", {"f"});
  f.choose({"*"}, {prog(1)});
  for (const Selection& selection : {Selection{{"x"}, {}, {}, {}}, Selection{{}, {"x"}, {}, {}},
                                     Selection{{}, {}, {"x"}, {}}, Selection{{}, {}, {}, {"x"}}}) {
    const auto plan = f.expand(selection);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(plan->cells.empty());
    ASSERT_EQ(plan->notes.size(), 1u);
    EXPECT_THAT(plan->notes[0], HasSubstr("\"x\" matches no "));
  }
  EXPECT_THAT(
      f.expand({{}, {}, {"trivail"}, {}})->notes,
      ElementsAre("\"trivail\" matches no program of the matrix: did you mean \"trivial\"?"));
}

// --- limits and notes

TEST(Expand, more_cells_than_the_limit_are_refused_filtered_ones_included) {
  Fixture f;
  f.matrix.kernels = {"*"};
  f.objects.add("a", {"f"});
  f.choose({"a"}, {prog(1), prog(2)});
  f.matrix.exclusions.resize(1);
  f.matrix.exclusions[0].selector.levels = {1};
  f.matrix.limits.max_cells = 4;
  EXPECT_EQ(f.ids().size(), 4u);
  f.matrix.limits.max_cells = 3;
  const auto plan = f.expand();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, base::ErrorKind::invalid_input);
  EXPECT_EQ(plan.error().message,
            "/m/x.yaml: 4 cells, more than limits.max_cells, 3: select fewer or raise the limit");
  EXPECT_EQ(f.ids({{"k1"}, {}, {}, {}}).size(), 2u);
}

TEST(Expand, a_hundred_thousand_cells_are_expanded) {
  Fixture f;
  std::vector<spec::LogMode> modes;
  for (uint32_t level = 0; level < 1000; ++level) modes.push_back(prog(level));
  for (int i = 0; i < 25; ++i) f.objects.add("p" + std::to_string(i), {"f"});
  f.matrix.kernels = {"*"};
  f.matrix.loaders = {"*"};
  f.choose({"p*"}, modes);
  f.matrix.exclusions.resize(20);
  for (auto& exclusion : f.matrix.exclusions) {
    exclusion.selector.programs = {"p1*"};
    exclusion.selector.levels = {7};
  }
  const auto plan = f.expand();
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->cells.size(), 100'000u);
  EXPECT_EQ(std::count_if(plan->cells.begin(), plan->cells.end(),
                          [](const Cell& cell) { return cell.ruling == Cell::Ruling::filtered; }),
            11 * 4);  // p1, p10 ... p19
}

TEST(Expand, rules_about_programs_that_are_not_there_become_notes) {
  Fixture f;
  f.objects.add("a", {"f"});
  f.choose({"a"}, {prog(0)}).except = {"b*"};
  f.matrix.exclusions.resize(1);
  f.matrix.exclusions[0].selector.programs = {"c", "a"};
  f.matrix.exclusions[0].place = {"/m/x.yaml", 9, 3};
  const auto plan = f.expand();
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->notes,
              ElementsAre("/m/x.yaml:1:5: except \"b*\" matches no program",
                          "/m/x.yaml:9:3: exclusion of \"c\", which is no program of the matrix"));
}

}  // namespace
}  // namespace bpfmatrix::plan
