#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/module_order.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ModuleInfo, dependencies_and_release_are_read_from_modinfo) {
  const auto info = read_module_info(test::make_module(
      {"license=GPL", "depends=virtio,virtio-ring", "intree=Y", "name=virtio_pci",
       "vermagic=6.1.0-50-cloud-amd64 SMP preempt mod_unload modversions "}));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_THAT(info->depends, ElementsAre("virtio", "virtio_ring"));
  EXPECT_EQ(info->release, "6.1.0-50-cloud-amd64");
}

TEST(ModuleInfo, a_module_without_dependencies_has_none) {
  EXPECT_THAT(read_module_info(test::make_module({"depends="}))->depends, IsEmpty());
  EXPECT_THAT(read_module_info(test::make_module({"license=GPL"}))->depends, IsEmpty());
}

TEST(ModuleInfo, what_is_no_module_is_refused) {
  for (const std::string& bytes :
       {std::string(), std::string("text"), test::make_vmlinux("x"),
        test::make_module({"license=GPL"}).substr(0, 70)}) {
    const auto info = read_module_info(bytes);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind, ErrorKind::invalid_input);
    EXPECT_THAT(info.error().message, HasSubstr("not a kernel module"));
  }
}

TEST(ModuleName, is_the_file_name_with_underscores_and_without_endings) {
  EXPECT_EQ(module_name("lib/modules/6.1/kernel/drivers/char/virtio_console.ko"), "virtio_console");
  EXPECT_EQ(module_name("x/virtio-rng.ko.xz"), "virtio_rng");
  EXPECT_EQ(module_name("virtio.ko.zst"), "virtio");
  EXPECT_EQ(module_name("virtio.ko.gz"), "virtio");
  EXPECT_EQ(module_name("lib/modules/6.1/modules.order"), std::nullopt);
  EXPECT_EQ(module_name("x/.ko"), std::nullopt);
  EXPECT_EQ(module_name("virtio.ko.bz2"), std::nullopt);
  EXPECT_EQ(module_name("virtio.ko/notes"), std::nullopt);
}

TEST(ModuleOrder, every_module_comes_after_what_it_depends_on) {
  const auto order = loading_order({{"virtio_console", {"virtio_ring", "virtio"}},
                                    {"virtio_pci", {"virtio_pci_modern_dev", "virtio"}},
                                    {"virtio_pci_modern_dev", {}},
                                    {"virtio", {"virtio_ring"}},
                                    {"virtio_ring", {}},
                                    {"not_asked", {}}},
                                   {"virtio_pci", "virtio_console"});
  ASSERT_TRUE(order);
  EXPECT_THAT(*order, ElementsAre("virtio_pci_modern_dev", "virtio_ring", "virtio", "virtio_pci",
                                  "virtio_console"));
}

TEST(ModuleOrder, what_is_not_there_is_taken_to_be_built_in) {
  EXPECT_THAT(*loading_order({{"virtio_console", {"virtio_ring"}}},
                             {"virtio_pci", "virtio_console"}),
              ElementsAre("virtio_console"));
}

TEST(ModuleOrder, a_circle_is_refused) {
  const auto order = loading_order({{"a", {"b"}}, {"b", {"a"}}}, {"a"});
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(order.error().message, HasSubstr("depends on itself"));
}

using Contents = std::map<std::string, std::string>;

ModuleReader reader_of(const Contents& all, int* rounds) {
  return [&all, rounds](const std::set<std::string>& names) -> base::Result<Contents> {
    ++*rounds;
    Contents found;
    for (const auto& [name, content] : all)
      if (names.contains(name)) found[name] = content;
    return found;
  };
}

TEST(VirtioModules, one_reading_is_enough_for_the_chain_of_debians_kernels) {
  const Contents all = {{"virtio_ring", test::make_module_of("6.1.0", "")},
                        {"virtio", test::make_module_of("6.1.0", "virtio_ring")},
                        {"virtio_pci_modern_dev", test::make_module_of("6.1.0", "")},
                        {"virtio_pci",
                         test::make_module_of("6.1.0", "virtio,virtio_pci_modern_dev")},
                        {"virtio_console", test::make_module_of("6.1.0", "virtio_ring,virtio")},
                        {"virtio_net", test::make_module_of("6.1.0", "virtio")}};
  int rounds = 0;
  const auto modules = collect_virtio_modules(reader_of(all, &rounds), "6.1.0");
  ASSERT_TRUE(modules) << modules.error().message;
  std::vector<std::string> names;
  for (const auto& [name, content] : *modules) {
    names.push_back(name);
    EXPECT_EQ(content, all.at(name));
  }
  EXPECT_THAT(names, ElementsAre("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci",
                                 "virtio_console"));
  EXPECT_EQ(rounds, 1);
}

TEST(VirtioModules, a_dependency_that_nobody_foresaw_is_asked_for) {
  const Contents all = {{"virtio_console", test::make_module_of("6.1.0", "new_one")},
                        {"new_one", test::make_module_of("6.1.0", "newer_one")},
                        {"newer_one", test::make_module_of("6.1.0", "")}};
  int rounds = 0;
  const auto modules = collect_virtio_modules(reader_of(all, &rounds), "6.1.0");
  ASSERT_TRUE(modules);
  ASSERT_EQ(modules->size(), 3u);
  EXPECT_EQ((*modules)[0].first, "newer_one");
  EXPECT_EQ((*modules)[2].first, "virtio_console");
  EXPECT_EQ(rounds, 3);
}

TEST(VirtioModules, a_kernel_that_has_them_built_in_needs_none) {
  int rounds = 0;
  const Contents none;
  EXPECT_THAT(*collect_virtio_modules(reader_of(none, &rounds), "6.1.0"), IsEmpty());
}

TEST(VirtioModules, a_module_of_another_kernel_is_refused) {
  const Contents all = {{"virtio_console", test::make_module_of("6.1.0-49", "")}};
  int rounds = 0;
  const auto modules = collect_virtio_modules(reader_of(all, &rounds), "6.1.0-50");
  ASSERT_FALSE(modules);
  EXPECT_EQ(modules.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(modules.error().message, HasSubstr("6.1.0-49"));
}

TEST(VirtioModules, a_chain_without_end_is_refused) {
  int rounds = 0;
  const auto read = [&](const std::set<std::string>&) -> base::Result<Contents> {
    ++rounds;
    return Contents{{"m" + std::to_string(rounds),
                     test::make_module_of("6.1.0", "m" + std::to_string(rounds + 1))}};
  };
  const auto modules = collect_virtio_modules(read, "6.1.0");
  ASSERT_FALSE(modules);
  EXPECT_THAT(modules.error().message, HasSubstr("does not end"));
  EXPECT_LT(rounds, 100);
}

}  // namespace
}  // namespace bpfmatrix::image
